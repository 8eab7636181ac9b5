"""``signetctl seal cancel``: end a seal (注销)."""

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name, Reason
from signetd.cli.session import of


def command(context: typer.Context, name: Name, reason: Reason) -> None:
    """End a seal for good (注销), or withdraw what has not become one yet."""
    session = of(context)
    with session.client() as client:
        shown.one(session.output, client.seals.cancel(name, reason=reason))
