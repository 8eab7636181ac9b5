"""``signetctl seal show``: show a seal, and write its picture."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.output_file import write
from signetd.cli.seal import shown
from signetd.cli.seal.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the image there as well; - is stdout"),
    ] = None,
) -> None:
    """Show a seal; `seal export` has its data, `seal history` what happened to it."""
    session = of(context)
    with session.client() as client:
        found = client.seals.get(name)
    if picture is not None:
        write(session, picture, found.picture.data)
    if str(picture) != "-":
        shown.one(session.output, found)
