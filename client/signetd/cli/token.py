"""``signetctl token``: show, unlock and lock tokens."""

import stat
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import show
from signetd.cli.session import Session, of

app = typer.Typer(help="Show, unlock and lock tokens.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The token's name in the configuration")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the tokens and their states."""
    session = of(context)
    with session.client() as client:
        show.tokens(session.output, client.list_tokens())


@app.command("show")
def show_(context: typer.Context, name: Name) -> None:
    """Show one token."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.get_token(name))


@app.command()
def unlock(
    context: typer.Context,
    name: Name,
    pin_file: Annotated[
        Path | None, typer.Option(help="File with the PIN, for its owner only; else a prompt")
    ] = None,
) -> None:
    """Present the user PIN to a token, once."""
    session = of(context)
    pin = _pin_of(session, pin_file) if pin_file else typer.prompt("PIN", hide_input=True)
    with session.client() as client:
        show.resource(session.output)(client.unlock_token(name, pin))


@app.command()
def lock(context: typer.Context, name: Name) -> None:
    """Log out of a token; the daemon forgets its PIN."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.lock_token(name))


def _pin_of(session: Session, path: Path) -> str:
    try:
        with path.open() as file:
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                session.fail(f"{path} can be read by others; run  chmod 600 {path}")
            return file.readline().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        session.fail(f"{path} cannot be read as a file with a PIN")
        raise
