"""Reads how often keys and grants were used."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, Engine, select

from signetd.daemon.audit.types import Charge
from signetd.daemon.state.access_tables import USE_COUNTERS
from signetd.daemon.state.errors import explained
from signetd.daemon.state.reading import reader

_SUBJECT: Final = "The number of uses of keys"
_SCOPES_AT_ONCE: Final = 500  # databases bound the parameters of a statement


class UsageStore:
    """The counters of uses in the database; its methods block, in any thread."""

    def __init__(self, engine: Engine) -> None:
        self._reader = reader(engine)

    def counts(self, charges: Collection[Charge]) -> dict[tuple[str, str], int]:
        """Return what is counted so far for each scope and window; 0 where nothing was.

        Raises SignetError INTERNAL.
        """
        found = {(charge.scope, charge.window): 0 for charge in charges}
        scopes = sorted({charge.scope for charge in charges})
        windows = {charge.window for charge in charges}
        with explained(_SUBJECT), self._reader.begin() as connection:
            for first in range(0, len(scopes), _SCOPES_AT_ONCE):
                some = scopes[first : first + _SCOPES_AT_ONCE]
                for row in _read(connection, some, windows):
                    if (row.scope, row.span) in found:
                        found[row.scope, row.span] = row.uses
        return found


def _read(connection: Connection, scopes: Iterable[str], windows: Iterable[str]) -> Iterable[Any]:
    # A counter of a minute stays long after it; only those asked for are read.
    table = USE_COUNTERS.c
    query = select(table.scope, table.span, table.count.label("uses")).where(
        table.scope.in_(scopes), table.span.in_(windows)
    )
    return connection.execute(query).all()
