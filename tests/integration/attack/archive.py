"""An audit that somebody works on while the daemon is stopped, with an export from before."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, cast

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.audit import Verifier
from signetd.daemon.audit.opening import open_chain
from signetd.daemon.config import Database
from signetd.daemon.state import open_database
from signetd.gm.sm3 import sm3
from tests.integration.attack import samples
from tests.integration.attack.scene import FOUNDER, Scene, scene

Tamper = Callable[[sqlite3.Connection], object]


class Archive:
    """A stopped daemon: `old` is an export of its first records, `early` its database before."""

    def __init__(self, made: Scene) -> None:
        self.scene = made
        self.folder = made.daemon.folder
        self.early = self.folder / "early.db"
        self.public_key = self.folder / "audit.pem"
        self._good = self.folder / "state.good"
        self._state = self.folder / "state"
        made.start()
        self._live()
        shutil.copytree(self._state, self._good)

    def _live(self) -> None:
        made = self.scene
        made.admit("auditor", access.ROLE_AUDITOR)
        made.key("audit", resources.KEY_PURPOSE_AUDIT)
        made.key("k")
        named = keys.GetPublicKeyRequest(name="keys/audit")
        public = made.by(FOUNDER).done("KeyService/GetPublicKey", named)
        self.spki = bytes(public.spki)
        self.public_key.write_text(public.pem)
        self._sign(1)
        self._copy_early()
        self._sign(2)
        self.old = self._export()
        self.exported = int(json.loads(self.old.splitlines()[-1])["last"])
        self._sign(3)
        made.group("later", "auditor")
        self._kill()

    def _sign(self, times: int) -> None:
        for _ in range(times):
            self.scene.by(FOUNDER).done("SigningService/Sign", samples.item("x", "k"))

    def _copy_early(self) -> None:
        file = self._state / "signetd.db"
        with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(self.early)) as copy:
            now.backup(copy)

    def _kill(self) -> None:
        self.scene.daemon.kill()
        self.scene.forget()

    def restore(self) -> None:
        """Put the state back as the daemon left it."""
        shutil.rmtree(self._state)
        shutil.copytree(self._good, self._state)

    def restore_early(self) -> None:
        """Put the older database in the place of the one that there is."""
        self.restore()
        for file in self._state.glob("signetd.db*"):
            file.unlink()
        shutil.copy(self.early, self._state / "signetd.db")

    def tamper(self, work: Tamper) -> None:
        """Restore the state, and change it."""
        self.restore()
        with closing(sqlite3.connect(self._state / "signetd.db")) as connection, connection:
            work(connection)

    def refused_start(self) -> str:
        """Start a daemon that does not come up; return what it says."""
        file = self.folder / "signetd.toml"
        command = [sys.executable, "-m", "signetd.daemon", "--config", str(file)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert ended.returncode != 0
        return ended.stderr + ended.stdout

    def look(self) -> None:
        """Look at the database as a daemon does that starts; raises StateError."""
        database = open_database(self._state, Database(), name="signetd", on_lost=print)
        try:
            open_chain(database.audit("signetd"))
        finally:
            database.close()

    def export_again(self, first: int = 0) -> bytes:
        """Start the daemon, let it sign until it is further than before, and export."""
        self.scene.start()
        try:
            self._sign(max(1, self.exported + 1 - self.scene.last()))
            return self._export(first)
        finally:
            self._kill()

    def _export(self, first: int = 0) -> bytes:
        request = audit.ExportRecordsRequest(first=first).SerializeToString()
        channel = cast(Any, self.scene.by("auditor").channel)
        call = channel.unary_stream(
            "/signetd.api.v1.AuditService/ExportRecords",
            response_deserializer=audit.ExportRecordsResponse.FromString,
        )
        return b"".join(piece.data for piece in call(request, timeout=60))

    def problems(self, *exports: bytes) -> list[str]:
        """Verify exports that follow on each other, with the audit's public key."""
        verifier = Verifier([self.spki])
        for number, content in enumerate(exports):
            verifier.read(f"export {number}", BytesIO(content))
        return [str(each) for each in verifier.report.problems]

    def signetctl(self, *exports: bytes) -> subprocess.CompletedProcess[str]:
        """Verify as an auditor does."""
        files = []
        for number, content in enumerate(exports):
            files.append(self.folder / f"export-{number}.jsonl")
            files[-1].write_bytes(content)
        program = Path(sys.executable).with_name("signetctl")
        command = [str(program), "audit", "verify", *map(str, files)]
        command += ["--public-key", str(self.public_key)]
        return subprocess.run(command, capture_output=True, text=True, timeout=100)


@contextmanager
def archive() -> Iterator[Archive]:
    """Give an archive; what is left of it is removed at the end."""
    with scene("auditor") as made:
        yield Archive(made)


def computed_anew(connection: sqlite3.Connection, number: int, old: bytes, new: bytes) -> None:
    """Change a record, and compute the chain anew from there on, also what checkpoints cover."""
    hashes: dict[int, str] = {}
    rows = connection.execute("select number, body from audit_records order by number").fetchall()
    for each, body in rows:
        values = json.loads(body.replace(old, new) if each == number else body)
        if each - 1 in hashes:
            values["previous"] = hashes[each - 1]
        if "covers_number" in values:
            values["covers_hash"] = hashes[values["covers_number"]]
        changed = json.dumps(
            values, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        hashes[each] = sm3(changed).hex()
        connection.execute("update audit_records set body = ? where number = ?", (changed, each))
