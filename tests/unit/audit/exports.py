"""Exports made by the daemon's own code, and verified by the client's."""

import io
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from signetd.audit import Report, Verifier
from signetd.daemon.audit.service import Audit
from signetd.daemon.audit.types import Entry, Event, Kind
from signetd.daemon.state import open_database
from tests.unit.audit.signers import SoftSigner


def use(key: str = "seal", **changes: object) -> Entry:
    event = Event(
        kind=Kind.USE,
        identity="alice",
        operation="sign",
        resource=f"keys/{key}",
        allowed=not changes,
        result="PERMISSION_DENIED" if changes else "OK",
        detail=str(changes.get("denied", "")),
    )
    return Entry(event=event)


class Scene:
    """An audit in a folder of its own."""

    def __init__(self, folder: Path, signer: SoftSigner, *, shared: bool = False) -> None:
        self.database = open_database(folder)
        self.signer = signer
        self.store = self.database.audit("signetd-1")
        self.audit = Audit(self.store, signer, shared=shared)

    async def __aenter__(self) -> "Scene":
        await self.audit.load("signetd test")
        await self.audit.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.audit.close()
        self.database.close()

    async def write(self, *entries: Entry) -> None:
        for entry in entries:
            await self.audit.ledger.write(entry)

    async def export(self, first: int = 0) -> bytes:
        return b"".join([piece async for piece in self.audit.exporter.export(first)])


async def make_export(
    entries: Sequence[Entry], signer: SoftSigner, *, shared: bool = False
) -> bytes:
    """The export of a new chain with these entries, and a checkpoint in their middle."""
    with tempfile.TemporaryDirectory() as name:
        async with Scene(Path(name) / "state", signer, shared=shared) as scene:
            await scene.write(*entries[: len(entries) // 2])
            if not signer.off:
                await scene.audit.checkpoints.make()
            await scene.write(*entries[len(entries) // 2 :])
            return await scene.export()


def verify(*files: bytes, trusted: Iterable[bytes] = (), unsigned: bool = False) -> Report:
    verifier = Verifier(list(trusted), unsigned=unsigned)
    for index, data in enumerate(files):
        verifier.read(f"file{index}", io.BytesIO(data))
    return verifier.report


def words(report: Report) -> str:
    return "\n".join(map(str, report.problems))
