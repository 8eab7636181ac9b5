"""``signetctl approval cancel``: take back what one has asked for."""

import typer

from signetd.cli.approval import shown
from signetd.cli.approval.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """Take back an approval that you have asked for."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.cancel_approval(name))
