"""Reads and writes the electronic seals."""

from collections.abc import Callable, Collection
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, select

from signetd.daemon.audit.types import Effect
from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import RegisteredSeal, SealEvent, SealState
from signetd.daemon.state import seal_effects, seal_keys, seal_rows
from signetd.daemon.state.errors import explained
from signetd.daemon.state.reading import reader
from signetd.daemon.state.seal_tables import SEAL_EVENTS, SEALS

_WHAT: Final = "The electronic seals"
_ROWS_AT_ONCE: Final = 100
_MOST_ROWS: Final = 5000  # looked at for one page: else a stranger's list would read everything
_MOST_BYTES: Final = 2 << 20  # on one page, about; clients take 4 MiB unless they say otherwise
_FIXED_BYTES: Final = 1000  # of a seal: its names, codes and times


class SealStore:
    """The seals in the database; its methods block and may be called in any thread.

    Every method raises SignetError INTERNAL when the database cannot be used.
    """

    def __init__(self, engine: Engine) -> None:
        self._reader = reader(engine)

    def get(self, seal: str, *, whole: bool = True) -> RegisteredSeal | None:
        """Read a seal by its name; without picture, data and record of filing if not *whole*."""
        columns = seal_rows.WHOLE if whole else seal_rows.SHORT
        return self._one(select(*columns).where(SEALS.c.id == seal))

    def find(self, *, seal_id: str = "", sm3: str = "") -> RegisteredSeal | None:
        """Read a seal by its code, or by SM3 of its data in hex; not whole."""
        if not (seal_id or sm3):
            raise ValueError("neither a code nor a digest is given")
        same = SEALS.c.seal_id == seal_id if seal_id else SEALS.c.sm3 == sm3
        return self._one(select(*seal_rows.SHORT).where(same))

    def page(
        self,
        after: str,
        size: int,
        states: Collection[SealState],
        code: str,
        shown: Callable[[RegisteredSeal], bool],
    ) -> tuple[list[RegisteredSeal], str]:
        """Read a page of what *shown* lets through, by name, and where the next one begins.

        Only those in one of *states*, none for all, and of the owner with *code*, "" for all. A
        page may be shorter than *size*, even empty, and not be the last: that is the one
        with "" for the next.
        """
        found: list[RegisteredSeal] = []
        looked_at = octets = 0
        while looked_at < _MOST_ROWS:
            # Most see all that is read; for those who do not, more is read at once.
            wanted = _ROWS_AT_ONCE if looked_at else min(size, _ROWS_AT_ONCE)
            rows = self._rows(after, states, code, wanted)
            looked_at += len(rows)
            for seal in map(seal_rows.seal_of, rows):
                after = seal.id
                if shown(seal):
                    found.append(seal)
                    octets += _size(seal)
                if len(found) == size or octets > _MOST_BYTES:
                    return found, after
            if len(rows) < wanted:
                return found, ""
        return found, after

    def events(self, seal: str) -> list[SealEvent]:
        """Read the history of a seal, the oldest first."""
        query = select(SEAL_EVENTS).where(SEAL_EVENTS.c.seal == seal)
        with explained(_WHAT), self._reader.connect() as connection:
            rows = connection.execute(query.order_by(SEAL_EVENTS.c.number)).all()
        return [seal_rows.event_of(row) for row in rows]

    def add(self, seal: RegisteredSeal, step: Step, replaced: str = "") -> Effect:
        """See `seal_effects.add`."""
        return seal_effects.add(seal, step, replaced)

    def move(self, seen: RegisteredSeal, step: Step) -> Effect:
        """See `seal_effects.move`."""
        return seal_effects.move(seen, step)

    def replace(self, old: str, by: RegisteredSeal, identity: str) -> Effect:
        """See `seal_effects.replace`."""
        return seal_effects.replace(old, by, identity)

    def in_use(self, seen: RegisteredSeal) -> Effect:
        """See `seal_effects.in_use`."""
        return seal_effects.in_use(seen)

    def compromise(self, key: str, identity: str, reason: str, suspended: list[str]) -> Effect:
        """See `seal_effects.compromise`."""
        return seal_effects.compromise(key, identity, reason, suspended)

    def check_unused(self, key: str) -> None:
        """Raise KEY_STATE_WRONG if seals in use or suspended are stamped with by a key."""
        with explained(_WHAT), self._reader.connect() as connection:
            seal_keys.check_unused(connection, key)

    def unused(self, key: str) -> Effect:
        """Return what raises as `check_unused`, in the transaction that something begins in."""

        def guard(connection: Connection, moment: datetime) -> None:
            seal_keys.check_unused(connection, key)

        return guard

    def _one(self, query: Select[Any]) -> RegisteredSeal | None:
        with explained(_WHAT), self._reader.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else seal_rows.seal_of(row)

    def _rows(
        self, after: str, states: Collection[SealState], code: str, most: int
    ) -> list[Row[Any]]:
        queries = [each.limit(most) for each in _queries(after, states, code)]
        with explained(_WHAT), self._reader.connect() as connection:
            parts = [connection.execute(each).all() for each in queries]
        return list(islice(merge(*parts, key=lambda row: row.id), most))


def _size(seal: RegisteredSeal) -> int:
    """Return about how large a seal is in a list."""
    texts = (seal.title, seal.owner.name, seal.state_reason)
    parts = (*(each.encode() for each in texts), *seal.certificates)
    return _FIXED_BYTES + sum(map(len, parts))


def _queries(after: str, states: Collection[SealState], code: str) -> list[Select[Any]]:
    """Return queries that together find the seals, each of which one index answers in order."""
    query = select(*seal_rows.SHORT).where(SEALS.c.id > after).order_by(SEALS.c.id)
    if code:
        query = query.where(SEALS.c.owner_code == code)
        if states:
            query = query.where(SEALS.c.state.in_(sorted(map(str, states))))
        return [query]
    if states:
        return [query.where(SEALS.c.state == each) for each in sorted(map(str, set(states)))]
    return [query]
