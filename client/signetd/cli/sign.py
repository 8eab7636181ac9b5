"""``signetctl sign``: sign a document of any size."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import document, show
from signetd.cli.document import STANDARD_INPUT, Algorithm, Encoding, File, Key, SignerId
from signetd.cli.output_file import write
from signetd.cli.session import of


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
) -> None:
    """Sign a file; the output holds the bare signature."""
    session = of(context)
    if out is None:
        out = STANDARD_INPUT if file == STANDARD_INPUT else file.with_name(file.name + ".sig")
    with session.client() as client:
        hashed = document.item(
            client, file, key=key, algorithm=algorithm, encoding=encoding, signer_id=signer_id
        )
        made = client.sign(replace(hashed, approval=approval))
    write(session, out, made.signature)
    if str(out) != "-":
        facts = {name: value for name, value in vars(made).items() if name != "signature"}
        show.one(session.output, {"signature": str(out)} | facts)
