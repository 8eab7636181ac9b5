"""Where tests keep a state: a folder with SQLite in it, or one and a database in PostgreSQL."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Engine

from signetd.daemon.config import Database as DatabaseConfig
from signetd.daemon.state import Database, open_database
from signetd.daemon.state import postgres as driver
from signetd.daemon.state import sqlite as embedded
from signetd.daemon.state.engine import DATABASE_NAME
from tests.postgres import PostgresServer

KINDS = ("sqlite", "postgresql")


def new_database(folder: Path, config: DatabaseConfig | None = None) -> Database:
    """Open a new SQLite database in a new folder, with a layout that was made once for all.

    To run the migrations takes longer than most tests; they have tests of their own.
    """
    folder.mkdir(mode=0o700)
    (folder / DATABASE_NAME).write_bytes(_layout())
    return open_database(folder, config)


@cache
def _layout() -> bytes:
    with TemporaryDirectory(prefix="layout-") as folder:
        open_database(Path(folder)).close()
        return (Path(folder) / DATABASE_NAME).read_bytes()


class Place:
    """A state that is opened again and again; `run` changes it behind the daemon's back."""

    def __init__(self, folder: Path, server: PostgresServer | None, name: str = "") -> None:
        self.folder = folder
        self.server = server
        self.name = name

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return "sqlite" if self.server is None else "postgresql"

    def config(self, **changes: Any) -> DatabaseConfig:
        """The table of the configuration, without its checks."""
        url = None if self.server is None else self.server.url(self.name)
        return DatabaseConfig(**{"url": url, "call_timeout": 10.0, **changes})

    def open(self, **changes: Any) -> Database:
        """Open it as a start of the daemon does."""
        return open_database(self.folder, self.config(**changes))

    def new(self) -> Database:
        """Open it for the first time."""
        return new_database(self.folder, self.config()) if self.server is None else self.open()

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run SQL of either kind in a session of its own."""
        if self.server is not None:
            return self.server.run(self.name, statement)
        connection = sqlite3.connect(self.folder / "signetd.db")
        try:
            with connection:
                return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def engine(self, **changes: Any) -> Engine:
        """An engine to the bare database, as the daemon makes it."""
        config = self.config(**changes)
        if config.url is None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            return embedded.make_engine(self.folder / "signetd.db", config.call_timeout)
        server = driver.Server(config.url, "test", None, config.call_timeout)
        return driver.make_engine(server, config.pool)


class SharedPlace(Place):
    """A state in PostgreSQL, for daemons of several names; the folder of each is its own."""

    server: PostgresServer

    @contextmanager
    def opened(
        self, name: str = "signetd", on_lost: Callable[[str], None] | None = None, **changes: Any
    ) -> Iterator[Database]:
        """The database of one daemon, closed afterwards."""
        folder = self.folder.with_name(f"state-{name}")
        database = open_database(folder, self.config(**changes), name=name, on_lost=on_lost)
        try:
            yield database
        finally:
            database.close()

    def await_waiting(self) -> None:
        """Return when a session waits for a lock."""
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        await_that(lambda: self.run(waiting) != [(0,)], "a session to wait for a lock")


def await_that(condition: Callable[[], bool], what: str) -> None:
    """Return when the condition holds; fail after 20 seconds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


@contextmanager
def place_of(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """A place for an empty state."""
    if kind == "sqlite":
        yield Place(folder, None)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield Place(folder, server, name)
    server.drop(name)
