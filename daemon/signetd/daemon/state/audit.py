"""Reads the records of one chain, and opens the transactions in which they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Row, Select, select

from signetd.daemon.audit.types import Kind
from signetd.daemon.state import audit_writing, use_counters
from signetd.daemon.state.access_tables import AUDIT_CHAINS, AUDIT_RECORDS
from signetd.daemon.state.audit_transaction import AuditTransaction, SqlTransaction
from signetd.daemon.state.errors import explained
from signetd.daemon.state.reading import reader
from signetd.daemon.state.sqlite_audit import SqliteAudit

_SUBJECT: Final = "The audit"
_RECORDS: Final = AUDIT_RECORDS.c
_DELETED_AT_ONCE: Final = 1000


class ChainFacts(msgspec.Struct, frozen=True, kw_only=True):
    """``anchor`` is the hash before the record ``first``; ``exported`` the last one exported."""

    first: int
    anchor: str
    exported: int


class RecordFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which records are wanted; what is empty or None excludes none."""

    identity: str = ""
    resource: str = ""
    operation: str = ""
    result: str = ""
    not_before: datetime | None = None
    before: datetime | None = None
    denied_only: bool = False


class AuditStore:
    """One chain in the database; its methods block and may be called in any thread.

    They raise SignetError INTERNAL when the database cannot be read or written.
    """

    def __init__(self, engine: Engine, chain: str) -> None:
        self.chain = chain
        self._engine = engine
        self._reader = reader(engine)
        self._quick = SqliteAudit(engine) if engine.dialect.name == "sqlite" else None

    @contextmanager
    def writing(self, *, plain: bool) -> Iterator[AuditTransaction]:
        """Open a durable transaction for a group of records; raises what the database does.

        *plain*: there are no guards and effects in it. One at a time.
        """
        if plain and self._quick is not None:
            with self._quick.transaction() as quick:
                yield quick
            return
        with self.transaction() as connection:
            yield SqlTransaction(connection, self.chain)

    def close(self) -> None:
        """Give back what `writing` keeps; it can be used again."""
        if self._quick is not None:
            self._quick.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a durable transaction; raises what the database does, unlike the other methods."""
        with self._engine.begin() as connection:
            yield connection

    def facts(self) -> ChainFacts:
        """Return where the chain begins, and how far it is exported."""
        with self._reading() as connection:
            return self.facts_in(connection)

    def facts_in(self, connection: Connection) -> ChainFacts:
        """Return the same within a transaction."""
        row: Row[Any] = connection.execute(
            select(AUDIT_CHAINS).where(AUDIT_CHAINS.c.chain == self.chain)
        ).one()
        return ChainFacts(first=row.first, anchor=row.anchor, exported=row.exported)

    def body(self, number: int) -> bytes | None:
        """Return the bytes of one record; None if it is not there."""
        with self._reading() as connection:
            query = self._bodies().where(_RECORDS.number == number)
            return _optional(connection.scalar(query))

    def bodies(self, first: int, last: int | None, limit: int) -> list[bytes]:
        """Return the bytes of at most *limit* records from *first* (to *last*), in their order."""
        query = self._bodies().where(_RECORDS.number >= first)
        if last is not None:
            query = query.where(_RECORDS.number <= last)
        with self._reading() as connection:
            return list(connection.scalars(query.order_by(_RECORDS.number).limit(limit)))

    def search(self, wanted: RecordFilter, first: int, limit: int) -> list[bytes]:
        """Return the bytes of at most *limit* records of those *wanted*, from *first* on."""
        with self._reading() as connection:
            start = max(first, self.facts_in(connection).first)
            query = _filtered(self._bodies().where(_RECORDS.number >= start), wanted)
            return list(connection.scalars(query.order_by(_RECORDS.number).limit(limit)))

    def last_checkpoint(self) -> bytes | None:
        """Return the bytes of the newest checkpoint; None without one."""
        query = self._bodies().where(_RECORDS.kind == Kind.CHECKPOINT.value)
        with self._reading() as connection:
            return _optional(connection.scalar(query.order_by(_RECORDS.number.desc()).limit(1)))

    def uses(self, scopes: set[str]) -> dict[str, int]:
        """Return what the counters for all time of *scopes* say."""
        with self._reading() as connection:
            return use_counters.read(connection, scopes)

    def move_first(self, connection: Connection, first: int) -> None:
        """Let the chain begin with the record *first*, within a transaction."""
        audit_writing.move_first(connection, self.chain, first)

    def set_exported(self, first: int, last: int) -> None:
        """Remember that an export has taken the records *first* to *last*."""
        with explained(_SUBJECT), self.transaction() as connection:
            audit_writing.set_exported(connection, self.chain, first, last)

    def delete_pruned(self) -> int:
        """Delete some records before the first one; return how many, 0 when all are gone."""
        with explained(_SUBJECT), self.transaction() as connection:
            first = self.facts_in(connection).first
            return audit_writing.delete_before(connection, self.chain, first, _DELETED_AT_ONCE)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with explained(_SUBJECT), self._reader.begin() as connection:
            yield connection

    def _bodies(self) -> Select[Any]:
        return select(_RECORDS.body).where(_RECORDS.chain == self.chain)


def _optional(body: Any) -> bytes | None:
    return None if body is None else bytes(body)


def _filtered(query: Select[Any], wanted: RecordFilter) -> Select[Any]:
    for name in ("identity", "resource", "operation", "result"):
        if value := getattr(wanted, name):
            query = query.where(_RECORDS[name] == value)
    if wanted.not_before is not None:
        query = query.where(_RECORDS.time >= wanted.not_before)
    if wanted.before is not None:
        query = query.where(_RECORDS.time < wanted.before)
    if wanted.denied_only:
        query = query.where(_RECORDS.allowed.is_(False))
    return query
