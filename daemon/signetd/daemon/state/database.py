"""Opens the database of a state folder, and brings it up to date."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from signetd.daemon.pins.hashing import KEY_BYTES
from signetd.daemon.state import files
from signetd.daemon.state.audit import AuditStore
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.keys import KeyStore
from signetd.daemon.state.migrate import migrate
from signetd.daemon.state.pin_attempts import PinAttemptStore
from signetd.daemon.state.reading import reads_only
from signetd.daemon.state.secret import keep_secret
from signetd.daemon.state.token_bindings import TokenBindingStore

DATABASE_NAME = "signetd.db"
LOCK_NAME = "signetd.lock"
PIN_GUARD_KEY_NAME = "pin-guard.key"
_BUSY_MILLISECONDS = 5000


class Database:
    """All that the daemon remembers, a store for each subject.

    ``pin_guard_key`` is the key under which PINs are hashed; it is not in the database. Owns the
    engine, and the descriptor of the lock, until ``close``.
    """

    def __init__(self, engine: Engine, lock: int, pin_guard_key: bytes) -> None:
        self.keys = KeyStore(engine)
        self.pins = PinAttemptStore(engine)
        self.bindings = TokenBindingStore(engine)
        self.pin_guard_key = pin_guard_key
        self._engine = engine
        self._lock: int | None = lock

    def audit(self, chain: str) -> AuditStore:
        """Return the records of the chain of this name."""
        return AuditStore(self._engine, chain)

    def close(self) -> None:
        """Close the database and give the lock back; a second call does nothing."""
        self._engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def open_database(folder: Path) -> Database:
    """Open ``folder/signetd.db``, made if it is missing (folder 0700, files 0600), up to date.

    SQLite in WAL mode with synchronous=FULL: what was written survives a power cut. One process
    at a time. Raises StateError: not usable, used by another daemon, or newer than this code.
    """
    files.prepare_folder(folder)
    lock = files.lock(folder / LOCK_NAME)
    try:
        key = keep_secret(folder / PIN_GUARD_KEY_NAME, KEY_BYTES)
        return Database(_open(folder / DATABASE_NAME), lock, key)
    except BaseException:
        os.close(lock)
        raise


def _open(file: Path) -> Engine:
    files.prepare_file(file)
    url = URL.create("sqlite+pysqlite", database=str(file))
    # What is written must not come out in an error: a hash of a PIN is part of it.
    engine = create_engine(url, hide_parameters=True)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        migrate(engine, file)
    except SQLAlchemyError as error:
        engine.dispose()
        cause = getattr(error, "orig", None) or error
        raise StateError(
            f"{file} cannot be used as a database: {cause}. Restore a backup, or move it away."
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _set_up(connection: Any, record: Any) -> None:
    # With None the driver starts no transaction by itself: it would leave DDL out of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that takes the write lock only later can fail halfway with "locked".
    connection.exec_driver_sql("BEGIN" if reads_only(connection) else "BEGIN IMMEDIATE")
