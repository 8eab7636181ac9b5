"""``signetctl verify``: verify a document's signature with a registered public key."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli import document
from signetd.cli.document import Algorithm, Encoding, File, Key, SignerId
from signetd.cli.session import Output, of

if TYPE_CHECKING:
    from signetd.client import Client, SignItem


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

        def hashed(name: str) -> "SignItem":
            return document.item(
                client, file, key=name, algorithm=algorithm, encoding=encoding, signer_id=signer_id
            )

        version = _verified(client, hashed, key, signature.read_bytes(), again=file)
    if session.output is Output.JSON:
        print(json.dumps({"valid": True, "key_version": version}))
    else:
        print(f"the signature is valid, by {version}")


def _verified(
    client: "Client",
    hashed: "Callable[[str], SignItem]",
    key: str,
    signature: bytes,
    *,
    again: Path,
) -> str:
    """Return the key version with which it is valid; raises SignatureInvalid.

    The hash of SM2 has the public key in it, so a document is hashed anew for each older version.
    """
    from signetd.client import SignatureInvalid

    try:
        return client.verify(hashed(key), signature)
    except SignatureInvalid:
        is_one = "/versions/" in key or again == document.STANDARD_INPUT
        if is_one or not _hashes_the_key(client, key):
            raise
        for older in client.list_key_versions(key)[1:]:
            with suppress(SignatureInvalid):
                return client.verify(hashed(older.name), signature)
        raise


def _hashes_the_key(client: "Client", key: str) -> bool:
    from signetd.api.v1.resources_pb2 import KeyType

    return client.get_public_key(key).key_type == KeyType.KEY_TYPE_SM2
