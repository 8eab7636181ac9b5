"""``signetctl token unlock``: present the user PIN to a token."""

import os
import stat
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import show
from signetd.cli.session import Session, of
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
    pin = _pin_of(session, pin_file) if pin_file else typer.prompt("PIN", hide_input=True)
    with session.client() as client:
        show.resource(session.output)(client.unlock_token(name, pin, accept_final_try=final_try))


def _pin_of(session: Session, path: Path) -> str:
    try:
        with path.open() as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                session.fail(f"{path} can be read by others; run  chmod 600 {path}")
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        session.fail(f"{path} cannot be read as a file with a PIN")
        raise
