"""Backup and restore with the commands of docs/database.md, as they stand there."""

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signetd.daemon.config import Database as DatabaseConfig
from signetd.daemon.pins import AttemptState, PinAttempt
from signetd.daemon.state import open_database
from tests.postgres import SUPERUSER, PostgresServer

DOCUMENT = Path(__file__).parents[3] / "docs" / "database.md"
ATTEMPT = PinAttempt(
    token_serial="00a1",
    pin_hash="aa:bb",
    state=AttemptState.REFUSED,
    reason="CKR_PIN_INCORRECT",
    time=datetime(2026, 1, 2, tzinfo=UTC),
)


def commands(heading: str) -> tuple[str, str]:
    """The commands of the backup and of the restore under a heading of the document."""
    section = DOCUMENT.read_text().split(f"\n### {heading}\n")[1].split("\n### ")[0]
    backup, restore = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return backup, restore


class Machine:
    """The folders of the document, moved to one of ours."""

    def __init__(self, folder: Path, config: DatabaseConfig, environment: dict[str, str]) -> None:
        self.state = folder / "var" / "lib" / "signetd"
        self.backups = folder / "var" / "backups" / "signetd"
        self.backups.mkdir(parents=True)
        self._folder = folder
        self._config = config
        self._environment = {**os.environ, **environment}

    def run(self, script: str) -> None:
        """Run commands of the document."""
        moved = re.sub(r"/var/(lib|backups)/", rf"{self._folder}/var/\1/", script)
        done = subprocess.run(
            ["sh", "-eu", "-c", moved],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, f"the commands of docs/database.md failed: {done.stderr}"

    def bind(self, serial: str) -> None:
        """Have a daemon write something, and stop."""
        database = open_database(self.state, self._config)
        database.bindings.bind("hsm1", serial)
        database.pins.change("00a1", lambda known: [ATTEMPT])
        database.close()

    def back_up_alive(self, script: str) -> bytes:
        """Run the backup while the daemon runs and has not closed its files."""
        database = open_database(self.state, self._config)
        self.run(script)
        database.close()
        return database.pin_guard_key

    def check(self, key: bytes) -> None:
        """Open what was restored."""
        database = open_database(self.state, self._config)
        found: list[PinAttempt] = []
        database.pins.change("00a1", lambda known: found.extend(known) or known)  # type: ignore[func-returns-value]
        assert found == [ATTEMPT]
        assert database.bindings.serial("hsm1") == "00a1"
        assert database.pin_guard_key == key
        database.close()


def round_trip(machine: Machine, heading: str) -> None:
    backup, restore = commands(heading)
    machine.bind("00a1")
    key = machine.back_up_alive(backup)
    for file in machine.backups.iterdir():
        assert file.stat().st_mode & 0o077 == 0, f"{file} is open to others"
    machine.bind("00b2")
    (machine.state / "pin-guard.key").unlink()
    machine.run(restore)
    machine.check(key)


def test_sqlite(tmp_path: Path) -> None:
    machine = Machine(tmp_path, DatabaseConfig(), {})
    round_trip(machine, "SQLite")


@pytest.fixture
def server(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The server with the user and the database of the document."""
    postgres.run("postgres", "CREATE ROLE signetd LOGIN")
    postgres.run("postgres", "CREATE DATABASE signetd OWNER signetd")
    yield postgres
    postgres.drop("signetd")
    postgres.run("postgres", "DROP ROLE signetd")


def test_postgresql(tmp_path: Path, server: PostgresServer) -> None:
    config = DatabaseConfig(url=server.url("signetd", "signetd"))
    environment = {
        "PATH": f"{server.programs}:{os.environ['PATH']}",
        "PGHOST": str(server.folder),
        "PGUSER": SUPERUSER,
    }
    round_trip(Machine(tmp_path, config, environment), "PostgreSQL")
