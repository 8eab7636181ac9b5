"""``signetctl approval list``: list approvals."""

from typing import Annotated

import typer

from signetd.cli.approval import shown
from signetd.cli.session import of


def command(
    context: typer.Context,
    states: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            help="pending, approved, rejected, cancelled, expired or used; may be repeated",
        ),
    ] = None,
) -> None:
    """List the approvals that you may see, the newest first."""
    session = of(context)
    with session.client() as client:
        shown.many(session.output, client.list_approvals(states or ()))
