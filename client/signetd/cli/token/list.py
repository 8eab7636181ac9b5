"""``signetctl token list``: list the tokens and their states."""

import typer

from signetd.cli import show
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """List the tokens and their states."""
    session = of(context)
    with session.client() as client:
        show.tokens(session.output, client.list_tokens())
