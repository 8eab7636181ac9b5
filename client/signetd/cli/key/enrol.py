"""``signetctl key enrol``: adopt a key pair that is on a token already."""

from typing import Annotated

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Algorithm, Name, Purpose, Token
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    token: Token,
    id_: Annotated[str, typer.Option("--id", help="CKA_ID in hex")] = "",
    label: Annotated[str, typer.Option(help="CKA_LABEL")] = "",
    algorithm: Algorithm = None,
    purpose: Purpose = None,
) -> None:
    """Adopt a key pair that is on a token already."""
    session = of(context)
    try:
        cka_id = bytes.fromhex(id_)
    except ValueError:
        raise typer.BadParameter(f"{id_} is not hex", param_hint="--id") from None
    with session.client() as client:
        made = client.enrol_key(
            name, token=token, cka_id=cka_id, label=label, algorithm=algorithm, purpose=purpose
        )
        shown.one(session.output, made)
