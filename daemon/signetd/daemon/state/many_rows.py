"""Inserts many rows in as few steps as may be."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.types import TypeEngine

from signetd.daemon.state.tables import UtcDateTime

_VALUES: Final = 990
"""Values in one statement; SQLite allows 999 in the oldest builds."""
_Convert = Callable[[Any], Any]


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert *rows*, each with a value for every column of *table*.

    SQLite's driver lets go of Python's lock for each execution: beside a busy event loop, a
    statement for each row waits dozens of times to get it back. So there it is one for many.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), list(rows))
        return
    for statement, values in sqlite_inserts(table, rows, connection.dialect):
        connection.exec_driver_sql(statement, values)


def sqlite_inserts(
    table: Table, rows: Sequence[Mapping[str, Any]], dialect: Dialect
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the statements that insert *rows* in SQLite, with their values as its driver takes."""
    columns = _columns(table, dialect)
    at_once = _VALUES // len(columns)
    for start in range(0, len(rows), at_once):
        part = rows[start : start + at_once]
        values = tuple(
            row[name] if convert is None else convert(row[name])
            for row in part
            for name, convert in columns
        )
        yield _statement(table, len(part)), values


@lru_cache(maxsize=8)
def _columns(table: Table, dialect: Dialect) -> tuple[tuple[str, _Convert | None], ...]:
    """Return the columns, and what makes of a value what the driver takes."""
    return tuple((each.name, _convert(each.type, dialect)) for each in table.columns)


def _convert(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    if convert is not None and isinstance(kind, UtcDateTime):
        return lru_cache(maxsize=64)(convert)  # rows that are written together have one time
    return convert


@lru_cache(maxsize=1024)
def _statement(table: Table, rows: int) -> str:
    names = [each.name for each in table.columns]
    row = f"({', '.join('?' * len(names))})"
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {', '.join([row] * rows)}"  # noqa: S608  # names of our own tables
