"""``signetctl key enable``: let a key sign again."""

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """Let a key sign again that is disabled or in quarantine."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.enable_key(name))
