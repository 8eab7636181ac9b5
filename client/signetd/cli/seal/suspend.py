"""``signetctl seal suspend``: stop a seal from being used (停用)."""

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name, Reason
from signetd.cli.session import of


def command(context: typer.Context, name: Name, reason: Reason) -> None:
    """Stop a seal from being used until it is resumed (停用)."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.seals.suspend(name, reason=reason))
