"""``signetctl key generate``: have a token generate a key pair."""

from typing import Annotated

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Algorithm, Name, Purpose, Token
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    token: Token,
    type_: Annotated[
        str,
        typer.Option(
            "--type", help="sm2, rsa-2048, rsa-3072, rsa-4096, ec-p256, ec-p384, ec-p521, ed25519"
        ),
    ],
    algorithm: Algorithm = None,
    purpose: Purpose = None,
) -> None:
    """Have a token generate a key pair."""
    session = of(context)
    with session.client() as client:
        made = client.generate_key(
            name, token=token, key_type=type_, algorithm=algorithm, purpose=purpose
        )
        shown.one(session.output, made)
