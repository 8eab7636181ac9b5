"""``signetctl key enrol``: adopt a key pair that is on a token already."""

import typer

from signetd.cli.key import shown
from signetd.cli.key.options import Algorithm, CkaId, Label, Name, Purpose, Token, cka_id
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    token: Token,
    id_: CkaId = "",
    label: Label = "",
    algorithm: Algorithm = None,
    purpose: Purpose = None,
) -> None:
    """Adopt a key pair that is on a token already."""
    session = of(context)
    found = cka_id(id_)
    with session.client() as client:
        made = client.enrol_key(
            name, token=token, cka_id=found, label=label, algorithm=algorithm, purpose=purpose
        )
        shown.one(session.output, made)
