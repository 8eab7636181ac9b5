"""``signetctl access grant list``: list the grants."""

import typer

from signetd.cli.access import records
from signetd.cli.access.grant.subject import To, ToGroup, subject
from signetd.cli.session import of


def command(context: typer.Context, to: To = None, to_group: ToGroup = None) -> None:
    """List the grants, the oldest first; those of one identity or group, if one is given."""
    session = of(context)
    whom = subject(to, to_group) if to or to_group else ""
    with session.client() as client:
        records.grants(session.output, client.list_grants(whom))
