"""``signetctl seal export``: write the data of a seal, and the record of its filing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signetd.cli.output_file import write
from signetd.cli.seal.options import Name
from signetd.cli.session import Session, of

if TYPE_CHECKING:
    from signetd.api.v1.seal_service_pb2 import Seal


def command(
    context: typer.Context,
    name: Name,
    out: Annotated[
        Path | None, typer.Option("-o", help="Its data (.esl: SESeal, DER); - is stdout")
    ] = None,
    filing: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The signed record of its filing, JSON; - is stdout"),
    ] = None,
) -> None:
    """Write a seal as others take it in, and the record of its filing.

    `signetctl seal verify` and `signetctl audit verify-statement` verify them without a daemon.
    """
    if out is None and filing is None:
        raise typer.BadParameter("give -o, --filing, or both")
    session = of(context)
    with session.client() as client:
        found = client.seals.get(name)
    _check(session, found, made=out is not None, filed=filing is not None)
    if out is not None:
        write(session, out, found.der)
    if filing is not None:
        write(session, filing, found.filing_record)


def _check(session: Session, found: "Seal", *, made: bool, filed: bool) -> None:
    """Refuse before anything is written."""
    if made and not found.der:
        session.fail(f"{found.name} has no data: it has not been made", reason="SEAL_STATE_WRONG")
    if filed and not found.filing_record:
        session.fail(f"{found.name} has not been filed", reason="SEAL_STATE_WRONG")
