"""``signetctl approval request-admin``: ask for an approval of an administrator."""

from typing import Annotated

import typer

from signetd.cli.approval import shown
from signetd.cli.approval.options import (
    Certificate,
    Credential,
    Lifetime,
    Roles,
    Summary,
    read_lifetime,
)
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="IDENTITY", help="The identity's name")],
    summary: Summary,
    roles: Roles = None,
    credential: Credential = None,
    certificate: Certificate = "",
    lifetime: Lifetime = "24h",
) -> None:
    """Ask others to approve an administrator, with exactly these values."""
    session = of(context)
    with session.client() as client:
        from signetd.client.identities import identity

        wanted = identity(name, roles or (), credential, certificate)
        made = client.request_administrator_approval(
            wanted, summary=summary, lifetime=read_lifetime(lifetime)
        )
        shown.one(session.output, made)
