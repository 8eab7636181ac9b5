"""``signetctl token reset-pin``: set the user PIN as security officer, without a daemon."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import show
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
    check,
    variables,
)
from signetd.cli.session import of


def command(
    context: typer.Context,
    module: Module,
    serial: Serial = "",
    label: Label = "",
    so_pin_file: Annotated[
        Path | None, typer.Option(help="File with the SO PIN; else a prompt")
    ] = None,
    new_pin_file: Annotated[
        Path | None, typer.Option(help="File with the new user PIN; else a prompt")
    ] = None,
    profile: ProfileName = "",
    environment: Environment = None,
    deadline: Deadline = 120.0,
    final_try: FinalTry = False,
) -> None:
    """Set a new user PIN with the security officer's PIN, which is presented once."""
    session = of(context)
    variables_ = variables(session, environment)
    target = Target(module, serial, label, None, profile, None, variables_, deadline)
    so_pin = pins.get(session, so_pin_file, "SO PIN")
    new_pin = pins.get(session, new_pin_file, "New user PIN", is_new=True)
    answer = target.ask(
        "ResetPin", [so_pin, new_pin], so_pin=so_pin, new_pin=new_pin, accept_final_try=final_try
    )
    check(session, answer)
    show.one(session.output, answer.sections["token"])
