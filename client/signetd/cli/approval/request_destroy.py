"""``signetctl approval request-destroy``: ask for an approval of a key's destruction."""

from typing import Annotated

import typer

from signetd.cli.approval import shown
from signetd.cli.approval.options import Lifetime, Summary, read_lifetime
from signetd.cli.session import of


def command(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's name")],
    summary: Summary,
    lifetime: Lifetime = "24h",
) -> None:
    """Ask others to approve the destruction of a key."""
    session = of(context)
    with session.client() as client:
        made = client.request_destroy_approval(
            key, summary=summary, lifetime=read_lifetime(lifetime)
        )
        shown.one(session.output, made)
