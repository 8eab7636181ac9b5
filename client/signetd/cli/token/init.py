"""``signetctl token init``: initialise a token, which destroys what is on it; without a daemon."""

from typing import Annotated, Any

import typer

from signetd.cli.doctor import pins
from signetd.cli.doctor.target import (
    Deadline,
    Environment,
    Module,
    ProfileName,
    Serial,
    Target,
    check,
)
from signetd.cli.session import Session, of
from signetd.cli.token.options import NewPinFile, SoPinFile, change


def command(
    context: typer.Context,
    module: Module,
    new_label: Annotated[str, typer.Option(help="The label that the token gets")],
    serial: Serial = "",
    slot: Annotated[
        int | None, typer.Option(help="The slot of a token that is not initialised yet")
    ] = None,
    so_pin_file: SoPinFile = None,
    user_pin_file: NewPinFile = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask whether what is on the token may be destroyed")
    ] = False,
    profile: ProfileName = "",
    environment: Environment = None,
    deadline: Deadline = 120.0,
) -> None:
    """Initialise a token that is named by its serial, or a blank one by its slot.

    A token that was initialised before wants its SO PIN; all that is on it is destroyed.
    """
    session = of(context)
    if (slot is None) == (not serial):
        session.fail("name the token: --slot-serial SERIAL, or --slot SLOT for a blank one")
    target = Target.given(session, module, serial, "", profile, environment, deadline, slot=slot)
    erase = yes or (slot is None and _confirmed(session, target))
    given = {
        "so_pin": pins.get(session, so_pin_file, "SO PIN", is_new=slot is not None),
        "user_pin": pins.get(session, user_pin_file, "New user PIN", is_new=True),
    }
    change(session, target, "Init", given, label=new_label, erase=erase)


def _confirmed(session: Session, target: Target) -> bool:
    """Show what would be destroyed, and have the token's label typed."""
    answer = target.ask("Probe", [])
    check(session, answer)
    token = answer.sections["token"]
    typer.echo(warning(token, answer.sections["public_objects"]), err=True)
    if typer.prompt("Type the token's label to go on", err=True) != token["label"]:
        session.fail("that is not its label; nothing was done")
    return True


def warning(token: dict[str, Any], objects: dict[str, int]) -> str:
    """Say what is on a token that is to be initialised."""
    seen = sum(number for kind, number in objects.items() if kind != "unpaired_private_keys")
    used = f"; {token['sessions']} sessions are open on it" if token.get("sessions") else ""
    return (
        f'The token "{token["label"]}" (serial {token["serial"]}) shows {seen} objects without a '
        f"login, and may hold private keys beside them{used}. All of them are destroyed for good."
    )
