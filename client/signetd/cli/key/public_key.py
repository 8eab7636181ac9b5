"""``signetctl key public-key``: print a public key."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.key.options import Name
from signetd.cli.output_file import write
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    version: Annotated[
        int | None, typer.Option(min=1, help="Of this version; default: the one that signs")
    ] = None,
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
) -> None:
    """Print the public key as PEM."""
    session = of(context)
    with session.client() as client:
        write(session, out, client.get_public_key(name, version).pem.encode())
