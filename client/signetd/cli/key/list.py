"""``signetctl key list``: list the keys."""

import typer

from signetd.cli.key import shown
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """List the keys."""
    session = of(context)
    with session.client() as client:
        shown.many(session.output, client.list_keys())
