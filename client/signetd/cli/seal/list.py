"""``signetctl seal list``: list seals."""

from typing import Annotated

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import State
from signetd.cli.session import of


def command(
    context: typer.Context,
    state: Annotated[
        list[State] | None, typer.Option(help="Only those in this state; may be repeated")
    ] = None,
    code: Annotated[
        str, typer.Option(help="Only those of the owner with this unified social credit code")
    ] = "",
) -> None:
    """List the seals that one may see, by name."""
    session = of(context)
    with session.client() as client:
        shown.many(session.output, client.seals.list(state or (), code=code))
