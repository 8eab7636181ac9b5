"""``signetctl access identity list``: list the identities."""

import typer

from signetd.cli.access import records
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """List the identities."""
    session = of(context)
    with session.client() as client:
        records.identities(session.output, client.list_identities())
