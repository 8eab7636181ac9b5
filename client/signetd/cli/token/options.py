"""Arguments that the commands below ``signetctl token`` share, and how they end."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from signetd.cli import show
from signetd.cli.doctor.target import Target, check
from signetd.cli.session import Session

Name = Annotated[str, typer.Argument(metavar="NAME", help="The token's name in the configuration")]
SoPinFile = Annotated[Path | None, typer.Option(help="File with the SO PIN; else a prompt")]
PresentPinFile = Annotated[
    Path | None, typer.Option(help="File with the present PIN; else a prompt")
]
NewPinFile = Annotated[Path | None, typer.Option(help="File with the new user PIN; else a prompt")]


def change(
    session: Session, target: Target, kind: str, pins: Mapping[str, str], **fields: Any
) -> None:
    """Have a token changed, without a daemon, and show what it says of itself then.

    *pins* go to the module by their names, and are in nothing that is printed.
    """
    answer = target.ask(kind, list(pins.values()), **pins, **fields)
    check(session, answer)
    show.one(session.output, answer.sections["token"])
