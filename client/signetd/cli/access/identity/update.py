"""``signetctl access identity update``: change what is given of an identity."""

from typing import Annotated

import typer

from signetd.cli.access import options, records
from signetd.cli.plain import plain
from signetd.cli.session import of


def command(
    context: typer.Context,
    name: options.Identity,
    role: Annotated[list[str] | None, typer.Option(help="All the roles that it shall have")] = None,
    certificate: options.Certificate = None,
    any_certificate: Annotated[
        bool, typer.Option("--any-certificate", help="Accept every certificate with its name")
    ] = False,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether it is refused")
    ] = None,
    approval: options.Approval = "",
) -> None:
    """Change an identity; what is not given stays as it is."""
    session = of(context)
    if certificate and any_certificate:
        raise typer.BadParameter("give one of them", param_hint="--certificate, --any-certificate")
    pinned = options.certificate_sha256(certificate) if certificate else ""
    with session.client() as client:
        from signetd.client import IdentityItem

        known = client.get_identity(name)
        wanted = IdentityItem(
            name=name,
            roles=tuple(role or plain(known)["roles"]),
            certificate_sha256=pinned
            if certificate or any_certificate
            else known.certificate_sha256,
            disabled=known.disabled if disabled is None else disabled,
        )
        records.one(session.output, client.update_identity(wanted, approval=approval))
