"""``signetctl access grant remove``: delete a grant."""

from typing import Annotated

import typer

from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The grant's name, as listed")],
) -> None:
    """Delete a grant; from then on it neither allows nor forbids."""
    with of(context).client() as client:
        client.delete_grant(name)
