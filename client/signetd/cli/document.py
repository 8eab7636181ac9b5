"""What ``signetctl sign`` and ``verify`` share: the document, hashed here, and its options."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from signetd.client import Client, DocumentSignature, SignItem

STANDARD_INPUT: Final = Path("-")
_PROGRESS_ABOVE_BYTES: Final = 64 << 20


def _there(path: Path) -> Path:
    if path != STANDARD_INPUT and not path.is_file():
        raise typer.BadParameter(f"{path} is not a file")
    return path


File = Annotated[
    Path, typer.Argument(metavar="FILE", help="The document; - is stdin", callback=_there)
]
Key = Annotated[str, typer.Option(help="The key's name")]
Algorithm = Annotated[str | None, typer.Option(help="Default: the key's, e.g. rsa-pss-sha256")]
Encoding = Annotated[str | None, typer.Option(help="der or raw; default: der for SM2 and ECDSA")]
SignerId = Annotated[
    str | None, typer.Option(help="SM2: the signer's ID; default: 1234567812345678")
]


@contextmanager
def _progress(path: Path, doing: str = "hashing") -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr for a large file."""
    size = 0 if _there(path) == STANDARD_INPUT else path.stat().st_size
    if size <= _PROGRESS_ABOVE_BYTES:
        yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(doing, total=size)
        yield lambda done: bar.advance(task, done)


def digest(file: Path) -> bytes:
    """Return SM3 of a document that is to be stamped."""
    from signetd.client.hashing import document_digest

    with _progress(file) as progress:
        return document_digest(_path(file), progress)


def sent(
    client: "Client",
    file: Path,
    *,
    key: str,
    algorithm: str | None,
    encoding: str | None,
    signer_id: str | None,
    approval: str,
) -> "DocumentSignature":
    """Send a document to the daemon, which hashes and signs it."""
    with _progress(file, "sending") as progress:
        return client.sign_document(
            key,
            _path(file),
            algorithm=algorithm,
            encoding=encoding,
            signer_id=None if signer_id is None else signer_id.encode(),
            approval=approval,
            progress=progress,
        )


def item(
    client: "Client",
    file: Path,
    *,
    key: str,
    algorithm: str | None,
    encoding: str | None,
    signer_id: str | None,
) -> "SignItem":
    """Hash a document for a key."""
    with _progress(file) as progress:
        return client.file_item(
            key,
            _path(file),
            algorithm=algorithm,
            encoding=encoding,
            signer_id=None if signer_id is None else signer_id.encode(),
            progress=progress,
        )


def _path(file: Path) -> Path:
    return Path("/dev/stdin") if file == STANDARD_INPUT else file
