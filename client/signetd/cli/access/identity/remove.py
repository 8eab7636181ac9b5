"""``signetctl access identity remove``: remove an identity."""

import typer

from signetd.cli.access import options
from signetd.cli.session import of


def command(context: typer.Context, name: options.Identity) -> None:
    """Remove an identity that no grant names; it leaves its groups."""
    with of(context).client() as client:
        client.delete_identity(name)
