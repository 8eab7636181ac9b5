"""``signetctl key certificate``: print the certificate of a key."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.key import certificate_shown
from signetd.cli.key.options import Name
from signetd.cli.output_file import write
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
    chain: Annotated[bool, typer.Option("--chain", help="With its chain")] = False,
    version: Annotated[
        int | None, typer.Option(help="Of this version; default: the one that signs", min=1)
    ] = None,
) -> None:
    """Print the certificate of a key as PEM; with a file, say in words what it is."""
    session = of(context)
    with session.client() as client:
        kept = client.get_certificate(name, version=version)
    write(session, out, (kept.pem if chain else certificate_shown.own_pem(kept.pem)).encode())
    if str(out) != "-":
        certificate_shown.one(session.output, kept)
