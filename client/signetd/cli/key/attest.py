"""``signetctl key attest``: have the daemon state what a token says of a key."""

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
        int | None, typer.Option(help="A version of the key; default: the one that signs", min=1)
    ] = None,
    nonce: Annotated[
        str, typer.Option(help="What it shall contain, at most 64 bytes in hex; shows it is fresh")
    ] = "",
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
) -> None:
    """Write a statement of what the token says of a key now, signed by the audit's key.

    Whoever has the audit's public key verifies it: signetctl audit verify-statement.
    """
    session = of(context)
    try:
        given = bytes.fromhex(nonce)
    except ValueError:
        raise typer.BadParameter("--nonce is not hex") from None
    with session.client() as client:
        write(session, out, client.attest_key(name, version=version, nonce=given).document)
