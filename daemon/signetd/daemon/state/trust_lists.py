"""Reads and writes the trust lists, every version of each."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, func, insert, select, update

from signetd.daemon.audit.types import Effect
from signetd.daemon.state.errors import explained
from signetd.daemon.state.locks import hold_lock
from signetd.daemon.state.reading import reader
from signetd.daemon.state.seal_tables import TRUST_LISTS
from signetd.daemon.trust.refusals import not_found
from signetd.daemon.trust.types import ImportedList
from signetd.drivers.errors import Reason, SignetError

MAX_LISTS: Final = 1000
MAX_VERSIONS: Final = 1000
"""Of one list; each can have 4 MiB."""
_WHAT: Final = "The trust lists"
_SHORT: Final = tuple(each for each in TRUST_LISTS.c if each.name != "content")


class TrustListStore:
    """The trust lists in the database; its methods block and may be called in any thread.

    Every method raises SignetError INTERNAL when the database cannot be used.
    """

    def __init__(self, engine: Engine) -> None:
        self._reader = reader(engine)

    def get(self, list_id: str, version: int = 0, *, whole: bool = False) -> ImportedList | None:
        """Read a version, 0 for the newest; without its content if not *whole*."""
        columns = tuple(TRUST_LISTS.c) if whole else _SHORT
        query = select(*columns).where(TRUST_LISTS.c.id == list_id)
        if version:
            return self._one(query.where(TRUST_LISTS.c.version == version))
        return self._one(query.order_by(TRUST_LISTS.c.version.desc()).limit(1))

    def newest(self) -> list[ImportedList]:
        """Read all lists by name, each in its newest version and without its content."""
        last = (
            select(TRUST_LISTS.c.id, func.max(TRUST_LISTS.c.version).label("version"))
            .group_by(TRUST_LISTS.c.id)
            .subquery()
        )
        query = (
            select(*_SHORT)
            .join(
                last,
                (TRUST_LISTS.c.id == last.c.id) & (TRUST_LISTS.c.version == last.c.version),
            )
            .order_by(TRUST_LISTS.c.id)
            .limit(MAX_LISTS)
        )
        with explained(_WHAT), self._reader.connect() as connection:
            rows = connection.execute(query).all()
        return [_list_of(row) for row in rows]

    def add(self, given: ImportedList, added: list[int]) -> Effect:
        """See `add`."""
        return add(given, added)

    def retire(self, list_id: str) -> Effect:
        """See `retire`."""
        return retire(list_id)

    def _one(self, query: Select[Any]) -> ImportedList | None:
        with explained(_WHAT), self._reader.connect() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else _list_of(row)


def add(given: ImportedList, added: list[int]) -> Effect:
    """Return what adds a version, whose number and time are set here; its number goes to *added*.

    Content that is that of the newest version already adds none. It raises TRUST_UNUSABLE for a
    list that is retired, and LIMIT_REACHED.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        added.clear()  # a transaction may be begun anew
        # Of all lists, because they are counted.
        hold_lock(connection, "trust lists", "")
        newest = connection.execute(
            select(TRUST_LISTS.c.version, TRUST_LISTS.c.retired, TRUST_LISTS.c.sm3)
            .where(TRUST_LISTS.c.id == given.id)
            .order_by(TRUST_LISTS.c.version.desc())
            .limit(1)
        ).one_or_none()
        if newest is not None and newest.retired:
            raise SignetError(
                Reason.TRUST_UNUSABLE,
                f"The trust list {given.id!r} is retired. Import this one under another name.",
            )
        if newest is not None and newest.sm3 == given.sm3:
            added.append(newest.version)
            return
        version = 1 if newest is None else newest.version + 1
        _check_limits(connection, given.id, version)
        connection.execute(insert(TRUST_LISTS).values(_values(given, version, moment)))
        added.append(version)

    return effect


def retire(list_id: str) -> Effect:
    """Return what retires all versions of a list; it raises TRUST_LIST_NOT_FOUND."""

    def effect(connection: Connection, moment: datetime) -> None:
        hold_lock(connection, "trust lists", "")
        changed = connection.execute(
            update(TRUST_LISTS).where(TRUST_LISTS.c.id == list_id).values(retired=True)
        )
        if not changed.rowcount:
            raise not_found(list_id)

    return effect


def _check_limits(connection: Connection, list_id: str, version: int) -> None:
    if version > MAX_VERSIONS:
        raise SignetError(
            Reason.LIMIT_REACHED,
            f"The trust list {list_id!r} has {MAX_VERSIONS} versions, which are the most; retire "
            "it, and import this one under another name.",
        )
    if version > 1:
        return
    found = connection.scalar(select(func.count(TRUST_LISTS.c.id.distinct())))
    if found is not None and found >= MAX_LISTS:
        raise SignetError(
            Reason.LIMIT_REACHED,
            f"There are {found} trust lists, and {MAX_LISTS} are the most; import new versions of "
            "those that there are.",
        )


def _values(given: ImportedList, version: int, moment: datetime) -> dict[str, Any]:
    return {
        "id": given.id,
        "version": version,
        "retired": False,
        "comment": given.comment,
        "content": given.content,
        "sm3": given.sm3,
        "creator": given.creator,
        "create_time": moment,
    }


def _list_of(row: Row[Any]) -> ImportedList:
    return ImportedList(
        id=row.id,
        version=row.version,
        retired=row.retired,
        comment=row.comment,
        content=getattr(row, "content", b""),
        sm3=row.sm3,
        creator=row.creator,
        create_time=row.create_time,
    )
