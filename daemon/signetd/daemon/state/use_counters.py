"""Reads and writes the counters of uses, in transactions of others."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from signetd.daemon.state.access_tables import USE_COUNTERS

_COLUMNS: Final = USE_COUNTERS.c
_KEPT: Final = timedelta(days=2)
_AT_ONCE: Final = 400
"""Counters in one statement; SQLite allows 999 values in the oldest builds."""

# Made once: to build a statement takes longer than to run it.
_LOCK: Final = (
    select(_COLUMNS.scope, _COLUMNS.span, _COLUMNS.count)
    .where(tuple_(_COLUMNS.scope, _COLUMNS.span).in_(bindparam("counters", expanding=True)))
    .order_by(_COLUMNS.scope, _COLUMNS.span)
    .with_for_update()
)
_UPDATE: Final = (
    update(USE_COUNTERS)
    .where(_COLUMNS.scope == bindparam("in_scope"), _COLUMNS.span == bindparam("in_span"))
    .values(count=bindparam("to_count"))
)


def lock(
    connection: Connection, counters: Collection[tuple[str, str]], known: Collection[object] = ()
) -> dict[tuple[str, str], int]:
    """Return the counts, which nobody else changes before this transaction ends.

    Rows that are missing are made first, unless *known* to be there: a row can be locked, the lack
    of one cannot. All is done in one order, so that several daemons wait and never deadlock.
    """
    ordered = sorted(counters)
    _make(connection, [each for each in ordered if each not in known])
    counts = _locked(connection, ordered)
    if gone := [each for each in ordered if each not in counts]:  # swept by a daemon ahead of us
        _make(connection, gone)
        counts |= _locked(connection, gone)
    return counts


def write(connection: Connection, counts: Mapping[tuple[str, str], int]) -> None:
    """Write counts that are locked."""
    if counts:
        connection.execute(
            _UPDATE,
            [
                {"in_scope": scope, "in_span": span, "to_count": count}
                for (scope, span), count in sorted(counts.items())
            ],
        )


def read(connection: Connection, scopes: Collection[str]) -> dict[str, int]:
    """Return the counts for all time of *scopes*; one that has none is left out."""
    ordered = sorted(scopes)
    counts: dict[str, int] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        rows = connection.execute(
            select(_COLUMNS.scope, _COLUMNS.count).where(
                _COLUMNS.scope.in_(ordered[start : start + _AT_ONCE]), _COLUMNS.span == ""
            )
        )
        counts.update((scope, count) for scope, count in rows)
    return counts


def delete_old(connection: Connection, now: datetime) -> None:
    """Delete the counters of minutes and days that are long over."""
    # A day and a minute are compared as texts: both begin with the date.
    limit = (now - _KEPT).date().isoformat()
    connection.execute(delete(USE_COUNTERS).where(_COLUMNS.span != "", _COLUMNS.span < limit))


def _locked(
    connection: Connection, ordered: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for start in range(0, len(ordered), _AT_ONCE):
        rows = connection.execute(_LOCK, {"counters": ordered[start : start + _AT_ONCE]})
        counts.update(((scope, span), count) for scope, span, count in rows)
    return counts


def _make(connection: Connection, counters: Collection[tuple[str, str]]) -> None:
    if not counters:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(USE_COUNTERS).on_conflict_do_nothing()
    connection.execute(
        statement, [{"scope": scope, "span": span, "count": 0} for scope, span in counters]
    )
