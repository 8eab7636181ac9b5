"""``signetctl approval request-stamp``: ask for an approval of a stamp."""

from pathlib import Path
from typing import Annotated

import typer

from signetd.cli import document
from signetd.cli.approval import shown
from signetd.cli.approval.options import Digest, Lifetime, Summary, read_lifetime
from signetd.cli.session import of


def command(
    context: typer.Context,
    seal: Annotated[str, typer.Argument(metavar="SEAL", help="The seal's name")],
    summary: Summary,
    property_info: Annotated[
        str,
        typer.Option(
            "--property",
            help="What of the document is protected; in an OFD document the path of Signature.xml",
        ),
    ],
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="What is protected; - is stdin"),
    ] = None,
    digest: Digest = None,
    lifetime: Lifetime = "24h",
) -> None:
    """Ask others to approve one stamp, on a file or a digest (SM3); only its hash is sent."""
    if (file is None) == (digest is None):
        raise typer.BadParameter("give either FILE or --digest")
    session = of(context)
    seen = bytes.fromhex(digest or "") if file is None else document.digest(file)
    with session.client() as client:
        made = client.request_stamp_approval(
            seal,
            seen,
            property_info=property_info,
            summary=summary,
            lifetime=read_lifetime(lifetime),
        )
        shown.one(session.output, made)
