"""Stamping several documents at once, in as many batches as it takes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from signetd.cli import document, show
from signetd.cli.output_file import write
from signetd.cli.session import REFUSED, Session

if TYPE_CHECKING:
    from signetd.client import Client, SignetdError, Stamp, StampItem

_MOST: Final = 1000
"""Items of a batch."""
_COLUMNS: Final = ("file", "stamp", "time", "audit_number", "error", "reason")


def run(
    session: Session,
    seal: str,
    files: Sequence[Path],
    property_info: str,
    folder: Path,
    *,
    timestamp: bool,
) -> None:
    """Stamp *files*, and write FILE.dat of each into *folder*; exit code 1 unless all are there."""
    from signetd.client import SignetdError, StampItem

    targets = _targets(session, files, folder)
    records: list[dict[str, Any]] = []
    with session.client() as client:
        items = [
            StampItem(
                seal=seal,
                document_digest=document.digest(file),
                property_info=property_info,
                timestamp=timestamp,
            )
            for file in files
        ]
        results = stamps(client, items)
        for file, target, made in zip(files, targets, results, strict=True):
            if not isinstance(made, SignetdError):
                _make_folder(session, folder)
                write(session, target, made.stamp)
            records.append({"file": str(file)} | _record(target, made))
    columns = [each for each in _COLUMNS if any(each in record for record in records)]
    show.many(session.output, columns, records)
    if any("error" in each for each in records):
        raise typer.Exit(REFUSED)


def stamps(client: "Client", items: "Sequence[StampItem]") -> "Iterator[Stamp | SignetdError]":
    """Yield the result of each item, in order.

    A reply has a limit of bytes, and each stamp the whole seal: what did not find room in one
    batch is in the next. The first item always finds room, so that there is an end. A batch that
    fails as a whole is the result of all that is left.
    """
    from signetd.client import SignetdError

    rest = list(items)
    while rest:
        try:
            results = client.seals.stamp_batch(rest[:_MOST])
        except SignetdError as error:
            yield from [error] * len(rest)
            return
        fitting = _fitting(results)
        yield from results[:fitting]
        rest = rest[fitting:]


def _fitting(results: "Sequence[Stamp | SignetdError]") -> int:
    """Return how many results there are before the first that was not begun."""
    for place, each in enumerate(results):
        if place and getattr(each, "reason", "") == "BATCH_TOO_LARGE":
            return place
    return len(results)


def _targets(session: Session, files: Sequence[Path], folder: Path) -> list[Path]:
    """Return where the stamps go; refuse before anything is stamped."""
    targets = [folder / f"{file.name}.dat" for file in files]
    if len(set(targets)) < len(targets):
        session.fail("two of the files have the same name, and so would their stamps")
    possible = folder.is_dir() or (folder.parent.is_dir() and not folder.exists())
    if folder == document.STANDARD_INPUT or not possible:
        session.fail(f"{folder} is no folder, and cannot be made one: name a folder for the stamps")
    return targets


def _make_folder(session: Session, folder: Path) -> None:
    """Make the folder when there is something to be in it."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        session.fail(f"{folder} cannot be made: {error.strerror}")


def _record(target: Path, made: "Stamp | SignetdError") -> dict[str, Any]:
    from signetd.cli.seal.stamp import facts, warn
    from signetd.client import SignetdError

    if isinstance(made, SignetdError):
        return {"error": made.message, "reason": made.reason}
    warn(made)
    return facts(target, made)
