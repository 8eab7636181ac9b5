"""``signetctl seal trust show``: show a trust list, or write its content."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.output_file import write
from signetd.cli.seal.trust import options
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: options.Name,
    version: Annotated[int, typer.Option(help="Which version; 0 is the newest", min=0)] = 0,
    out: Annotated[
        Path | None, typer.Option("-o", help="Write the list there as imported; - is stdout")
    ] = None,
) -> None:
    """Show what the daemon says of a trust list, or write the list itself."""
    session = of(context)
    with session.client() as client:
        found = client.verification.get_list(name, version)
    if out is None:
        options.one(session.output, found)
    else:
        write(session, out, found.content)
