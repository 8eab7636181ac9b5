"""``signetctl token probe``: examine a PKCS#11 module, without a daemon."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.doctor import pins, report
from signetd.cli.doctor.target import (
    Deadline,
    Environment,
    FinalTry,
    Label,
    Module,
    ProfileName,
    Profiles,
    Serial,
    Target,
    check,
)
from signetd.cli.session import Output, of


def command(
    context: typer.Context,
    module: Module,
    serial: Serial = "",
    label: Label = "",
    pin_file: Annotated[
        Path | None, typer.Option(help="File with the user PIN, for its owner only")
    ] = None,
    ask_pin: Annotated[bool, typer.Option("--ask-pin", help="Ask for the user PIN")] = False,
    profile: ProfileName = "",
    profiles: Profiles = None,
    environment: Environment = None,
    seconds: Annotated[
        float, typer.Option(min=0.01, max=60, help="Seconds for which each algorithm signs")
    ] = 1.0,
    deadline: Deadline = 120.0,
    final_try: FinalTry = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON")] = False,
) -> None:
    """Examine a module and a token: which profile fits, what works, how fast.

    With a PIN, which is presented once, SM2 is tried with session keys; nothing stays on the token.
    """
    session = of(context)
    target = Target.given(
        session, module, serial, label, profile, environment, deadline, profiles=profiles
    )
    pin = pins.get(session, pin_file, "User PIN") if pin_file or ask_pin else ""
    answer = target.ask(
        "Probe",
        [pin],
        pin=pin,
        pin_file=str(pin_file.absolute()) if pin_file else "",
        accept_final_try=final_try,
        seconds=seconds,
    )
    is_json = as_json or session.output is Output.JSON
    (report.as_json if is_json else report.as_text)(answer)
    check(session, answer)
