"""``signetctl seal review``: accept or reject the application for a seal."""

from typing import Annotated

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    accepted: Annotated[bool, typer.Option("--accept/--reject", help="What was found")],
    reason: Annotated[str, typer.Option(help="Why; needed when it is rejected")] = "",
) -> None:
    """Accept or reject an application; never one's own."""
    session = of(context)
    with session.client() as client:
        found = client.seals.review(name, accepted=accepted, reason=reason)
        shown.one(session.output, found)
