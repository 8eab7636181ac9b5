"""``signetctl verify``: verify a document's signature with a registered public key."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import document
from signetd.cli.document import Algorithm, Encoding, File, Key, SignerId
from signetd.cli.session import Output, of


def command(
    context: typer.Context,
    file: File,
    signature: Annotated[
        Path,
        typer.Argument(metavar="SIGNATURE", help="Its signature", exists=True, dir_okay=False),
    ],
    key: Key,
    algorithm: Algorithm = None,
    encoding: Encoding = None,
    signer_id: SignerId = None,
) -> None:
    """Verify a file's signature; exit code 1 when it is not valid."""
    session = of(context)
    with session.client() as client:
        hashed = document.item(
            client, file, key=key, algorithm=algorithm, encoding=encoding, signer_id=signer_id
        )
        client.verify(hashed, signature.read_bytes())
    print('{"valid": true}' if session.output is Output.JSON else "the signature is valid")
