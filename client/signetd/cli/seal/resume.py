"""``signetctl seal resume``: let a suspended seal be used again (恢复)."""

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name, Reason
from signetd.cli.session import of


def command(context: typer.Context, name: Name, reason: Reason) -> None:
    """Let a suspended seal be used again (恢复)."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.seals.resume(name, reason=reason))
