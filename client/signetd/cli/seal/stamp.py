"""``signetctl seal stamp``: apply a seal to documents (签章)."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from signetd.cli import document, show
from signetd.cli.document import STANDARD_INPUT
from signetd.cli.output_file import write
from signetd.cli.seal import stamp_many
from signetd.cli.session import of

if TYPE_CHECKING:
    from signetd.client import Stamp

_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")


def command(
    context: typer.Context,
    seal: Annotated[str, typer.Argument(metavar="SEAL", help="The seal's name")],
    property_info: Annotated[
        str,
        typer.Option(
            "--property",
            help="What of the document is protected; in an OFD document the path of Signature.xml",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", help="The stamp (SignedValue.dat), - is stdout; of several, a folder"),
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="What is protected, hashed here; - is stdin"),
    ] = None,
    digest: Annotated[str | None, typer.Option(help="SM3 of it in hex, instead")] = None,
    timestamp: Annotated[
        bool, typer.Option("--timestamp", help="With a time stamp of the daemon's authority")
    ] = False,
    approval: Annotated[
        str, typer.Option(help="The approval of this, where the key or a grant asks for one")
    ] = "",
) -> None:
    """Stamp a document, or several; only SM3 of each is sent. Each stamp holds the seal.

    Of several, the stamps are FOLDER/FILE.dat, and the exit code is 1 unless there are all.
    """
    given = _check(files or [], digest, approval)
    session = of(context)
    from signetd.client import StampItem

    if len(given) > 1:
        stamp_many.run(session, seal, given, property_info, out, timestamp=timestamp)
        return
    if out.is_dir() or not out.parent.is_dir():  # each stamp counts, so that none is made in vain
        session.fail(f"{out} cannot be written: name a file in a folder that there is")
    with session.client() as client:
        seen = document.digest(given[0]) if given else bytes.fromhex(digest or "")
        item = StampItem(
            seal=seal,
            document_digest=seen,
            property_info=property_info,
            approval=approval,
            timestamp=timestamp,
        )
        made = client.seals.stamp(item)
    write(session, out, made.stamp)
    warn(made)
    if str(out) != "-":
        show.one(session.output, facts(out, made))


def facts(out: Path, made: "Stamp") -> dict[str, Any]:
    """Return what is told of a stamp that was written to *out*."""
    return {
        "stamp": str(out),
        "time": made.time.isoformat().replace("+00:00", "Z"),
        "key_version": made.key_version,
        "timestamped": made.timestamped,
        "timestamp_failure": made.timestamp_failure,
        "audit_number": made.audit_number,
    }


def warn(made: "Stamp") -> None:
    """Say on stderr that there is no time stamp although one was asked for."""
    if made.timestamp_failure:
        print(f"signetctl: without a time stamp: {made.timestamp_failure}", file=sys.stderr)


def _check(files: list[Path], digest: str | None, approval: str) -> list[Path]:
    """Return the files, if what is given can be meant; raises BadParameter."""
    if bool(files) == (digest is not None):
        raise typer.BadParameter("give either FILE or --digest")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise typer.BadParameter("--digest is not an SM3 in hex, of 64 digits")
    for file in files:
        if file != STANDARD_INPUT and not file.is_file():
            raise typer.BadParameter(f"{file} is not a file")
    if len(files) > 1 and approval:
        raise typer.BadParameter("an approval is for one document: stamp that one alone")
    return files
