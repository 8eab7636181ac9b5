"""What the tests of the guard share: a real database, and a guard that hashes fast."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from signetd.daemon.pins import PinHasher, StoredPinGuard
from signetd.daemon.state import Database, open_database

FAST = 2  # scrypt's n


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guard") / "state"


@pytest.fixture(scope="module")
def database(folder: Path) -> Iterator[Database]:
    """One database for a module: its tests use serials of their own."""
    database = open_database(folder)
    yield database
    database.close()


@pytest.fixture
def start(database: Database) -> Callable[[], StoredPinGuard]:
    """Makes a guard as a start of the daemon does."""
    return lambda: StoredPinGuard(database.pins, PinHasher(database.pin_guard_key, FAST))


@pytest.fixture
def break_database(folder: Path) -> Iterator[Callable[[bool], None]]:
    """Makes the database useless for attempts, and good again."""
    broken = False

    def change(wanted: bool) -> None:
        nonlocal broken
        names = ["pin_attempts", "out_of_order"]
        if wanted != broken:
            old, new = names if wanted else reversed(names)
            connection = sqlite3.connect(folder / "signetd.db")
            with connection:
                connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
            connection.close()
        broken = wanted

    yield change
    change(False)
