"""``signetctl seal history``: what happened to a seal."""

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """List what happened to a seal, the oldest first."""
    session = of(context)
    with session.client() as client:
        shown.events(session.output, client.seals.events(name))
