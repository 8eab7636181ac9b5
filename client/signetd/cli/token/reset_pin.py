"""``signetctl token reset-pin``: set the user PIN as security officer, without a daemon."""

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
from signetd.cli.token.options import NewPinFile, SoPinFile, change


def command(
    context: typer.Context,
    module: Module,
    serial: Serial = "",
    label: Label = "",
    so_pin_file: SoPinFile = None,
    new_pin_file: NewPinFile = None,
    profile: ProfileName = "",
    environment: Environment = None,
    deadline: Deadline = 120.0,
    final_try: FinalTry = False,
) -> None:
    """Set a new user PIN with the security officer's PIN, which is presented once."""
    session = of(context)
    target = Target.given(session, module, serial, label, profile, environment, deadline)
    given = {
        "so_pin": pins.get(session, so_pin_file, "SO PIN"),
        "new_pin": pins.get(session, new_pin_file, "New user PIN", is_new=True),
    }
    change(session, target, "ResetPin", given, accept_final_try=final_try)
