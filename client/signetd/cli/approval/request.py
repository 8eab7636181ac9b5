"""``signetctl approval request``: ask for an approval of a signature."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli import document
from signetd.cli.approval import shown
from signetd.cli.approval.options import Digest, Lifetime, Summary, read_lifetime
from signetd.cli.document import STANDARD_INPUT, Algorithm, SignerId
from signetd.cli.session import of

if TYPE_CHECKING:
    from signetd.client import Client, SignItem


def command(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The key's name")],
    summary: Summary,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="The document; - is stdin")
    ] = None,
    digest: Digest = None,
    algorithm: Algorithm = None,
    signer_id: SignerId = None,
    lifetime: Lifetime = "24h",
) -> None:
    """Ask others to approve one signature, of a file or a digest; only its hash is kept."""
    if (file is None) == (digest is None):
        raise typer.BadParameter("give either FILE or --digest")
    session = of(context)
    with session.client() as client:
        item = _item(client, key, file, digest, algorithm, signer_id)
        made = client.request_approval(item, summary=summary, lifetime=read_lifetime(lifetime))
        shown.one(session.output, made)


def _item(
    client: "Client",
    key: str,
    file: Path | None,
    digest: str | None,
    algorithm: str | None,
    signer_id: str | None,
) -> "SignItem":
    from signetd.client import SignItem

    if file is None:
        if signer_id is not None:
            raise typer.BadParameter("--signer-id is in the digest already")
        return SignItem(key=key, digest=bytes.fromhex(digest or ""), algorithm=algorithm)
    if file != STANDARD_INPUT and not file.is_file():
        raise typer.BadParameter(f"{file} is not a file")
    return document.item(
        client, file, key=key, algorithm=algorithm, encoding=None, signer_id=signer_id
    )
