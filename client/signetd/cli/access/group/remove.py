"""``signetctl access group remove``: delete a group."""

import typer

from signetd.cli.access import options
from signetd.cli.session import of


def command(context: typer.Context, name: options.Group) -> None:
    """Delete a group that no grant, key or open approval names."""
    with of(context).client() as client:
        client.delete_group(name)
