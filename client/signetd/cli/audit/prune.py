"""``signetctl audit prune``: remove records that were exported."""

from typing import Annotated

import typer

from signetd.cli.audit import printing
from signetd.cli.session import of


def command(
    context: typer.Context,
    first: Annotated[int, typer.Argument(help="The number of the first record to stay", min=1)],
) -> None:
    """Remove the records before FIRST; a finished export must have taken all of them."""
    session = of(context)
    with session.client() as client:
        printing.status(session.output, client.audit.prune(first))
