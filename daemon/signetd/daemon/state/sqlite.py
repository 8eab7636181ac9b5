"""The engine for SQLite: a file that is this daemon's alone."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from signetd.daemon.state.reading import reads_only


def make_engine(file: Path, seconds: float) -> Engine:
    """Make the engine for *file*: WAL with synchronous=FULL, so that a power cut undoes nothing.

    A transaction waits *seconds* at most for another one to end.
    """
    url = URL.create("sqlite+pysqlite", database=str(file))
    # What is written must not come out in an error: a hash of a PIN is part of it.
    engine = create_engine(url, hide_parameters=True)

    def set_up(connection: Any, record: Any) -> None:
        _set_up(connection, seconds)

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, seconds: float) -> None:
    # With None the driver starts no transaction by itself: it would leave DDL out of them.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={max(1, round(seconds * 1000))}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def _begin(connection: Connection) -> None:
    # A transaction that takes the write lock only later can fail halfway with "locked".
    connection.exec_driver_sql("BEGIN" if reads_only(connection) else "BEGIN IMMEDIATE")
