"""``signetctl key csr``: make a request for a certificate."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli.key.options import Name
from signetd.cli.output_file import write
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    subject: Annotated[str, typer.Option(help='As in "CN=Example,O=Example Ltd,C=CN"')],
    san: Annotated[
        list[str] | None,
        typer.Option(help="Another name: dns:…, email:…, ip:…, uri:…; may be repeated"),
    ] = None,
    usage: Annotated[
        list[str] | None,
        typer.Option(
            help="digitalSignature or nonRepudiation; may be repeated; default: what the key's "
            "purpose needs"
        ),
    ] = None,
    extended_usage: Annotated[
        list[str] | None,
        typer.Option(help="Object identifier such as 1.3.6.1.5.5.7.3.2; may be repeated"),
    ] = None,
    algorithm: Annotated[
        str | None, typer.Option(help="Of the request's signature; default: the key's")
    ] = None,
    out: Annotated[Path, typer.Option("-o", help="Output file; - is stdout")] = Path("-"),
) -> None:
    """Have a request for a certificate (PKCS #10) signed by a key; the output is PEM."""
    session = of(context)
    with session.client() as client:
        made = client.create_csr(
            name,
            subject=subject,
            alternative_names=san or (),
            key_usages=usage or (),
            extended_key_usages=extended_usage or (),
            algorithm=algorithm,
        )
    write(session, out, made.pem.encode())
