"""``signetctl access identity show``: show one identity."""

import typer

from signetd.cli.access import options, records
from signetd.cli.session import of


def command(context: typer.Context, name: options.Identity) -> None:
    """Show one identity."""
    session = of(context)
    with session.client() as client:
        records.one(session.output, client.get_identity(name))
