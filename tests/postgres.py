"""A PostgreSQL server for tests: a cluster of its own in a temporary folder, on a Unix socket.

`python -m tests.postgres` installs what it needs.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from signetd.daemon.config import PostgresUrl
from signetd.softhsm import SoftHsmError, apt

DEBIAN: Final = Path("/usr/lib/postgresql")
SUPERUSER: Final = "tester"
GUARDED: Final = "guarded"
"""This user needs a password."""
_SETTINGS: Final = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
}
_QUICK: Final = {"fsync": "off", "full_page_writes": "off"}
"""For tests that do not ask what a crash of the server leaves."""
_SECONDS: Final = 30.0


def find_programs() -> Path | None:
    """Find the folder with initdb and postgres: in PATH, or where Debian puts it."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(":") if folder]
    folders += sorted(DEBIAN.glob("*/bin"), key=lambda it: float(it.parent.name), reverse=True)
    for folder in folders:
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    return None


def need_programs() -> Path:
    """Find them, or raise AssertionError that says how to install them."""
    found = find_programs()
    assert found is not None, f"tests need PostgreSQL: {apt.advice('postgresql')}"
    return found


class PostgresServer:
    """One server. Everybody in its folder may use it; `start` and `stop` may alternate.

    Only a *durable* one has on its disk what it has committed.
    """

    def __init__(self, folder: Path, programs: Path, *, durable: bool = False) -> None:
        self._settings = _SETTINGS if durable else _SETTINGS | _QUICK
        self.folder = folder
        self.programs = programs
        self._data = folder / "data"
        self._user = _unprivileged()
        self._process: subprocess.Popen[bytes] | None = None
        self._names = 0

    def make(self) -> None:
        """Make the cluster."""
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
        command = [self.programs / "initdb", "-D", self._data, "-U", SUPERUSER, *options]
        done = subprocess.run(
            self._as_user(*map(str, command)), capture_output=True, text=True, cwd=self.folder
        )
        assert done.returncode == 0, f"initdb failed: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all {GUARDED} scram-sha-256\n{rules.read_text()}")

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        command = [self.programs / "postgres", "-D", self._data, "-k", self.folder, *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._as_user(*map(str, command)), stdout=log, stderr=log, cwd=self.folder
            )
        end = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None and time.monotonic() < end, self.log
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it: at once with SIGQUIT, else after what is being written; clients are cut off."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_SECONDS)
            self._process = None

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Meanwhile whoever connects gets no answer; sessions that exist go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        return (self.folder / "log").read_text()[-4000:]

    def url(self, database: str, user: str = SUPERUSER) -> PostgresUrl:
        """The address of a database."""
        return PostgresUrl(user, str(self.folder), "", database)

    def run(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL in a session of its own."""
        with self.session(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def session(self, database: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        """A session that commits each statement."""
        connection = psycopg.connect(
            host=str(self.folder), user=SUPERUSER, dbname=database, autocommit=True
        )
        with connection:
            yield connection

    def create(self, template: str = "template0") -> str:
        """Make a database; return its name."""
        self._names += 1
        name = f"test{self._names}"
        with self.session("postgres") as connection:
            make = SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(make.format(Identifier(name), Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever uses it."""
        with self.session("postgres") as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))

    def _answers(self) -> bool:
        try:
            self.run("postgres", "SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _as_user(self, *command: str) -> list[str]:
        """PostgreSQL refuses root. It ends when the tests end, also when they are killed."""
        change = ["setpriv", "--pdeathsig", "QUIT"]
        if self._user is not None:
            ids = [f"--reuid={self._user.pw_uid}", f"--regid={self._user.pw_gid}"]
            change += [*ids, "--clear-groups"]
        return [*change, "env", "LC_ALL=C", *command]


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom it runs as when the tests are root's; None when they are not."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


@contextmanager
def running_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server that is gone afterwards. Its path is short: that of a socket is limited."""
    programs = need_programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = PostgresServer(folder, programs, durable=durable)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder)


def main() -> None:
    """Install what is missing: PostgreSQL, and the command sqlite3 of the documented backup."""
    missing = [] if find_programs() else ["postgresql"]
    missing += [] if shutil.which("sqlite3") else ["sqlite3"]
    try:
        if missing:
            apt.install(*missing)
        print(f"PostgreSQL: {need_programs()}")
    except (SoftHsmError, AssertionError) as error:
        sys.exit(f"PostgreSQL for the tests cannot be had: {error}")


if __name__ == "__main__":
    main()
