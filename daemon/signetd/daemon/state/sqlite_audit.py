"""Writes groups of records into SQLite with as few statements as may be.

Through SQLAlchemy a transaction costs 0.3 ms of processor time, whatever is in it; and the driver
lets go of Python's lock in each statement, which beside a busy event loop is got back late. So this
keeps a connection of its own, and a group is five statements: BEGIN, one that reads all that it
rests on, the records, the counters, COMMIT.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, Table
from sqlalchemy.exc import DBAPIError

from signetd.daemon.audit.chain import Link
from signetd.daemon.state.access_tables import AUDIT_RECORDS, USE_COUNTERS
from signetd.daemon.state.audit_writing import taken, values_of
from signetd.daemon.state.many_rows import sqlite_inserts

_VERSION: Final = "(SELECT version FROM policy_version WHERE id = 1)"
_COUNT: Final = "(SELECT count FROM use_counters WHERE scope = ? AND span = ?)"
_OR_UPDATE: Final = " ON CONFLICT (scope, span) DO UPDATE SET count = excluded.count"
_COUNTERS: Final = 400
"""Counters in one statement; SQLite allows 999 values in the oldest builds."""


class SqliteAudit:
    """Opens such transactions, on a connection that it keeps; used by one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: Any = None

    @contextmanager
    def transaction(self) -> "Iterator[SqliteTransaction]":
        """Open one, which is durable when this has ended well; raises what SQLAlchemy would."""
        try:
            driver = self._connection()
            driver.execute("BEGIN IMMEDIATE")
            yield SqliteTransaction(driver, self._engine.dialect)
            driver.execute("COMMIT")
        except sqlite3.Error as error:
            self.close()
            raise _wrapped(error) from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back, with what it has not written undone."""
        kept, self._kept = self._kept, None
        if kept is not None:
            with suppress(sqlite3.Error):  # it is closed in any case, which undoes everything
                kept.driver_connection.rollback()
            kept.invalidate()

    def _connection(self) -> sqlite3.Connection:
        if self._kept is None:
            self._kept = self._engine.raw_connection()
        driver: sqlite3.Connection = self._kept.driver_connection
        return driver


class SqliteTransaction:
    """One such transaction; see AuditTransaction. The whole database is its own."""

    def __init__(self, driver: sqlite3.Connection, dialect: Dialect) -> None:
        self._driver = driver
        self._dialect = dialect
        self._version = 0

    @property
    def connection(self) -> Connection:
        """There is none."""
        raise RuntimeError("entries with guards or effects need a transaction of SQLAlchemy")

    def lock(
        self, counters: Collection[tuple[str, str]], known: Collection[object]
    ) -> Mapping[tuple[str, str], int]:
        """Read the counts, and the policy's version with them."""
        ordered, counts = list(counters), dict[tuple[str, str], int]()
        for start in range(0, len(ordered) or 1, _COUNTERS):
            part = ordered[start : start + _COUNTERS]
            named = tuple(value for counter in part for value in counter)
            ((self._version, *found),) = self._driver.execute(_reading(len(part)), named).fetchall()
            counts.update(
                (counter, count) for counter, count in zip(part, found, strict=True) if count
            )
        return counts

    def policy_version(self, *, changes: bool) -> int:
        """Return what `lock` has read."""
        return self._version

    def add(self, links: Sequence[Link]) -> None:
        """Write records; raises StateError if another one has taken a place."""
        try:
            self._insert(AUDIT_RECORDS, list(map(values_of, links)))
        except sqlite3.IntegrityError:
            raise taken(links[0].record.chain) from None

    def write_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Write counts, whether or not there are such counters yet."""
        rows = [
            {"scope": scope, "span": span, "count": count}
            for (scope, span), count in counts.items()
        ]
        self._insert(USE_COUNTERS, rows, _OR_UPDATE)

    def _insert(self, table: Table, rows: Sequence[Mapping[str, Any]], ending: str = "") -> None:
        for statement, values in sqlite_inserts(table, rows, self._dialect):
            self._driver.execute(statement + ending, values)


@lru_cache(maxsize=_COUNTERS + 1)
def _reading(counters: int) -> str:
    return f"SELECT {', '.join([_VERSION, *[_COUNT] * counters])}"


def _wrapped(error: sqlite3.Error) -> Exception:
    # As what SQLAlchemy raises, so that those who look at errors need not know this way.
    return DBAPIError.instance(
        "audit", None, error, sqlite3.Error, hide_parameters=True, connection_invalidated=False
    )
