"""``signetctl key show``: show one key."""

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """Show one key."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.get_key(name))
