"""``signetctl seal make``: have a seal made that was accepted (制章)."""

from typing import Annotated

import typer

from signetd.cli.seal import shown
from signetd.cli.seal.options import Name
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Name,
    key: Annotated[str, typer.Option(help="The maker's: SM2, for seal-making, with a certificate")],
    seal_id: Annotated[
        str, typer.Option(help="Its code (印章编码), 1 to 64 printable ASCII characters")
    ],
    approval: Annotated[
        str, typer.Option(help="The approval of it, where the maker's key asks for one")
    ] = "",
) -> None:
    """Make a seal; never one that one has applied for. Its data is signed in the maker's token."""
    session = of(context)
    with session.client() as client:
        found = client.seals.make(name, maker_key=key, seal_id=seal_id, approval=approval)
        shown.one(session.output, found)
