"""``signetctl key disable``: stop a key from signing."""

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """Stop a key from signing until it is enabled again."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.disable_key(name))
