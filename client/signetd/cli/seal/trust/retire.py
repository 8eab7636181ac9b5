"""``signetctl seal trust retire``: stop a trust list from being used."""

import typer

from signetd.cli.seal.trust import options
from signetd.cli.session import of


def command(context: typer.Context, name: options.Name) -> None:
    """Stop a trust list from being used, for good: its name is not used again."""
    session = of(context)
    with session.client() as client:
        options.one(session.output, client.verification.retire_list(name))
