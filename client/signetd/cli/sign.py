"""``signetctl sign``: sign a document of any size."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli import document, show
from signetd.cli.document import STANDARD_INPUT, Algorithm, Encoding, File, Key, SignerId
from signetd.cli.output_file import write
from signetd.cli.session import of

if TYPE_CHECKING:
    from signetd.client import Signature


def command(
    context: typer.Context,
    file: File,
    key: Key,
    out: Annotated[
        Path | None, typer.Option("-o", help="The bare signature; default FILE.sig, - is stdout")
    ] = None,
    algorithm: Algorithm = None,
    encoding: Encoding = None,
    signer_id: SignerId = None,
    approval: Annotated[
        str, typer.Option(help="The approval of this, where the key or a grant asks for one")
    ] = "",
    send: Annotated[
        bool, typer.Option("--send", help="Send the whole file, for the daemon to hash")
    ] = False,
) -> None:
    """Sign a file; the output holds the bare signature.

    It is hashed here, and only its digest travels; with --send the daemon hashes it.
    """
    session = of(context)
    if out is None:
        out = STANDARD_INPUT if file == STANDARD_INPUT else file.with_name(file.name + ".sig")
    with session.client() as client:
        how = {"algorithm": algorithm, "encoding": encoding, "signer_id": signer_id}
        if send:
            made: Signature = document.sent(client, file, key=key, **how, approval=approval)
        else:
            hashed = document.item(client, file, key=key, **how)
            made = client.sign(replace(hashed, approval=approval))
    write(session, out, made.signature)
    if str(out) != "-":
        facts = {name: _shown(value) for name, value in vars(made).items() if name != "signature"}
        show.one(session.output, {"signature": str(out)} | facts)


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
