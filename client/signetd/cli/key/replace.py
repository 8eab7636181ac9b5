"""``signetctl key replace``: put another key pair in the place of a key's."""

from typing import Annotated

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import CkaId, Label, Name, cka_id
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    token: Annotated[str, typer.Option(help="Where the new pair is; default: the same token")] = "",
    id_: CkaId = "",
    label: Label = "",
) -> None:
    """Have a new key pair sign from now on; the present one only verifies.

    The pair is generated, or with --id or --label the one on the token is adopted.
    """
    session = of(context)
    found = cka_id(id_)
    with session.client() as client:
        made = client.replace_key(name, token=token, cka_id=found, label=label)
        shown.one(session.output, made)
