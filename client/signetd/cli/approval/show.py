"""``signetctl approval show``: show one approval."""

import typer

from signetd.cli.approval import shown
from signetd.cli.approval.options import Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name) -> None:
    """Show one approval, with who must approve it and what was said."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.get_approval(name))
