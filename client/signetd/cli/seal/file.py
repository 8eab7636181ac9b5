"""``signetctl seal file``: file a seal that was made (备案)."""

from typing import Annotated

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    number: Annotated[str, typer.Option(help="The number that it is filed under")],
    remark: Annotated[
        str, typer.Option(help="Where it was filed, and what else belongs to it")
    ] = "",
) -> None:
    """File a seal: from then on it can be used. The signed record is in `seal export --filing`."""
    session = of(context)
    with session.client() as client:
        found = client.seals.file(name, filing_number=number, remark=remark)
        shown.one(session.output, found)
