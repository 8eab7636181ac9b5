"""``signetctl token lock``: log out of a token."""

import typer

from signetd.cli import show
from signetd.cli.session import of
from signetd.cli.token.options import Name


def command(context: typer.Context, name: Name) -> None:
    """Log out of a token; the daemon forgets its PIN."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.lock_token(name))
