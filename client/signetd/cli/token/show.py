"""``signetctl token show``: show one token."""

import typer

from signetd.cli import show
from signetd.cli.session import of
from signetd.cli.token.options import Name


def command(context: typer.Context, name: Name) -> None:
    """Show one token."""
    session = of(context)
    with session.client() as client:
        show.resource(session.output)(client.get_token(name))
