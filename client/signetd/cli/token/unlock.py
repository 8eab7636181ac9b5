"""``signetctl token unlock``: present the user PIN to a token."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import show
from signetd.cli.doctor import pins
from signetd.cli.session import of
from signetd.cli.token.options import Name


def command(
    context: typer.Context,
    name: Name,
    pin_file: Annotated[
        Path | None, typer.Option(help="File with the PIN, for its owner only; else a prompt")
    ] = None,
    final_try: Annotated[
        bool,
        typer.Option(
            "--final-try", help="Even if the token says that one more wrong PIN would lock it"
        ),
    ] = False,
) -> None:
    """Present the user PIN to a token, once."""
    session = of(context)
    pin = pins.get(session, pin_file, "PIN")
    with session.client() as client:
        show.resource(session.output)(client.unlock_token(name, pin, accept_final_try=final_try))
