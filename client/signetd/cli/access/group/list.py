"""``signetctl access group list``: list the groups."""

import typer

from signetd.cli.access import records
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """List the groups and their members."""
    session = of(context)
    with session.client() as client:
        records.groups(session.output, client.list_groups())
