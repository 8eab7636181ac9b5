"""``signetctl token change-pin``: change the user PIN, without a daemon."""

import typer

from signetd.cli.doctor import pins
from signetd.cli.doctor.target import (
    Deadline,
    Environment,
    FinalTry,
    Label,
    Module,
    ProfileName,
    Serial,
    Target,
)
from signetd.cli.session import of
from signetd.cli.token.options import NewPinFile, PresentPinFile, change


def command(
    context: typer.Context,
    module: Module,
    serial: Serial = "",
    label: Label = "",
    pin_file: PresentPinFile = None,
    new_pin_file: NewPinFile = None,
    profile: ProfileName = "",
    environment: Environment = None,
    deadline: Deadline = 120.0,
    final_try: FinalTry = False,
) -> None:
    """Change the user PIN; the present one is presented once."""
    session = of(context)
    target = Target.given(session, module, serial, label, profile, environment, deadline)
    given = {
        "pin": pins.get(session, pin_file, "Present user PIN"),
        "new_pin": pins.get(session, new_pin_file, "New user PIN", is_new=True),
    }
    change(session, target, "ChangePin", given, accept_final_try=final_try)
