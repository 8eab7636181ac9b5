"""``signetctl access identity add``: add an identity."""

from typing import Annotated

import typer

from signetd.cli.access import options, records
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: options.Identity,
    role: Annotated[
        list[str],
        typer.Option(help="system-admin, security-admin or auditor, and signer; up to two"),
    ],
    credential: Annotated[
        str | None,
        typer.Option(help="uri, dns, common-name or socket; default: by the form of the name"),
    ] = None,
    certificate: options.Certificate = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="It may not call yet")] = False,
    approval: options.Approval = "",
) -> None:
    """Add an identity."""
    session = of(context)
    pinned = options.certificate_sha256(certificate) if certificate else ""
    with session.client() as client:
        from signetd.client import IdentityItem

        wanted = IdentityItem(
            name=name,
            roles=tuple(role),
            credential=credential,
            certificate_sha256=pinned,
            disabled=disabled,
        )
        records.one(session.output, client.create_identity(wanted, approval=approval))
