"""``signetctl audit status``: tell how the audit is."""

import typer

from signetd.cli.audit import printing
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """Tell how the audit is: its chain, its last checkpoint, and why nothing can be written."""
    session = of(context)
    with session.client() as client:
        printing.status(session.output, client.audit.status())
