"""``signetctl audit checkpoint``: have a checkpoint made now."""

import typer

from signetd.cli.audit import printing
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """Have all that is written so far signed with the audit key, now."""
    session = of(context)
    with session.client() as client:
        printing.status(session.output, client.audit.checkpoint())
