"""``signetctl seal trust list``: list the trust lists of the daemon."""

import typer

from signetd.cli import show
from signetd.cli.seal.trust import options
from signetd.cli.session import of


def command(context: typer.Context) -> None:
    """List the trust lists by name, in their newest versions."""
    session = of(context)
    columns = ("name", "version", "retired", "roots", "makers", "comment", "sm3")
    with session.client() as client:
        show.many(
            session.output, columns, [options.shown(each) for each in client.verification.lists()]
        )
