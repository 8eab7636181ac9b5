"""``signetctl access group set``: make a group, or replace its members."""

from typing import Annotated

import typer

from signetd.cli.access import options, records
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: options.Group,
    members: Annotated[
        list[str] | None,
        typer.Argument(metavar="[IDENTITY]...", help="All its members; without any it is empty"),
    ] = None,
) -> None:
    """Make a group, or replace all its members."""
    session = of(context)
    with session.client() as client:
        records.one(session.output, client.set_group(name, members or ()))
