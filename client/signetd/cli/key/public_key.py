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
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
) -> None:
    """Print the public key as PEM."""
    session = of(context)
    with session.client() as client:
        write(session, out, client.get_public_key(name).pem.encode())
