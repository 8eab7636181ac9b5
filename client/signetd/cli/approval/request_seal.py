"""``signetctl approval request-seal``: ask for an approval of the making of a seal."""

from typing import Annotated

import typer

from signetd.cli.approval import shown
from signetd.cli.approval.options import Lifetime, Summary, read_lifetime
from signetd.cli.session import of


def command(
    context: typer.Context,
    seal: Annotated[str, typer.Argument(metavar="SEAL", help="The seal's name")],
    summary: Summary,
    key: Annotated[str, typer.Option(help="The maker's key")],
    seal_id: Annotated[str, typer.Option(help="The code (印章编码) that the seal shall have")],
    lifetime: Lifetime = "24h",
) -> None:
    """Ask others to approve the making of one seal, with this key and this code."""
    session = of(context)
    with session.client() as client:
        made = client.request_seal_approval(
            seal,
            maker_key=key,
            seal_id=seal_id,
            summary=summary,
            lifetime=read_lifetime(lifetime),
        )
        shown.one(session.output, made)
