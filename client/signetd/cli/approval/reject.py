"""``signetctl approval reject``: reject what somebody has asked for."""

import typer

from signetd.cli.approval import shown
from signetd.cli.approval.options import Comment, Name
from signetd.cli.session import of


def command(context: typer.Context, name: Name, comment: Comment = "") -> None:
    """Reject an approval, for good."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.reject_approval(name, comment=comment))
