"""What a group of records is written with, in a transaction of its writer."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from signetd.daemon.audit.chain import ZERO_HASH, Link, hash_of
from signetd.daemon.state.access_tables import AUDIT_CHAINS, AUDIT_RECORDS, POLICY_VERSION
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.many_rows import insert_rows

_RECORDS: Final = AUDIT_RECORDS.c
_CHAINS: Final = AUDIT_CHAINS.c
# Made once: to build a statement takes longer than to run it.
_LOCK: Final = select(_CHAINS.chain).where(_CHAINS.chain == bindparam("of_chain")).with_for_update()
_VERSION: Final = select(POLICY_VERSION.c.version).where(POLICY_VERSION.c.id == 1)
_VERSION_TO_CHANGE: Final = _VERSION.with_for_update()
_VERSION_TO_READ: Final = _VERSION.with_for_update(read=True)
_WIDTHS: Final = {
    name: AUDIT_RECORDS.c[name].type.length  # type: ignore[attr-defined]  # they are all String
    for name in ("identity", "operation", "resource", "result")
}


def make_chain(connection: Connection, chain: str) -> None:
    """Begin the chain unless it has begun."""
    found = connection.scalar(select(_CHAINS.chain).where(_CHAINS.chain == chain))
    if found is None:
        values = {"chain": chain, "first": 1, "anchor": ZERO_HASH, "exported": 0}
        connection.execute(insert(AUDIT_CHAINS).values(values))


def lock_chain(connection: Connection, chain: str) -> None:
    """Wait for another transaction on this chain, such as one whose end is not known."""
    if connection.dialect.name == "sqlite":
        return  # whoever writes has the whole database already
    connection.execute(_LOCK, {"of_chain": chain}).one()


def policy_version(connection: Connection, *, changes: bool) -> int:
    """Return the version that counts; nobody changes it before this transaction ends.

    With *changes*, this transaction itself may, so that it takes the stronger lock at once.
    """
    query = _VERSION_TO_CHANGE if changes else _VERSION_TO_READ
    return int(connection.execute(query).scalar_one())


def last_body(connection: Connection, chain: str) -> bytes | None:
    """Return the last record's bytes; None for an empty chain."""
    return connection.scalar(
        select(_RECORDS.body)
        .where(_RECORDS.chain == chain)
        .order_by(_RECORDS.number.desc())
        .limit(1)
    )


def add(connection: Connection, links: Sequence[Link]) -> None:
    """Write records; raises StateError if another one has taken a place."""
    try:
        insert_rows(connection, AUDIT_RECORDS, [values_of(each) for each in links])
    except IntegrityError:
        raise taken(links[0].record.chain) from None


def taken(chain: str) -> StateError:
    """Return what is raised when another one has taken a place of a record."""
    return StateError(
        f"The audit's chain {chain!r} has records that this daemon has not written. Two "
        "daemons must not have the same name: give each its own, and start it again."
    )


def move_first(connection: Connection, chain: str, first: int) -> None:
    """Let the chain begin with the record *first*; `delete_before` removes the others."""
    anchor = connection.scalars(
        select(_RECORDS.body).where(_RECORDS.chain == chain, _RECORDS.number == first - 1)
    ).one()
    connection.execute(
        update(AUDIT_CHAINS)
        .where(_CHAINS.chain == chain)
        .values(first=first, anchor=hash_of(anchor))
    )


def delete_before(connection: Connection, chain: str, first: int, at_most: int) -> int:
    """Delete the oldest *at_most* records before *first*; return how many there were."""
    oldest = connection.scalar(
        select(_RECORDS.number).where(_RECORDS.chain == chain).order_by(_RECORDS.number).limit(1)
    )
    if oldest is None or oldest >= first:
        return 0
    end = min(first, oldest + at_most)
    connection.execute(delete(AUDIT_RECORDS).where(_RECORDS.chain == chain, _RECORDS.number < end))
    return int(end - oldest)


def set_exported(connection: Connection, chain: str, first: int, last: int) -> None:
    """Remember that an export has taken the records *first* to *last*, if none is left out."""
    connection.execute(
        update(AUDIT_CHAINS)
        .where(
            _CHAINS.chain == chain,
            _CHAINS.exported < last,
            (_CHAINS.exported >= first - 1) | (_CHAINS.first >= first),
        )
        .values(exported=last)
    )


def values_of(link: Link) -> dict[str, Any]:
    """Return the row of a record."""
    record, place = link.record, link.place
    return {
        "chain": record.chain,
        "number": place.number,
        "time": place.time,
        "kind": record.kind.value,
        "identity": _column("identity", record.identity),
        "operation": _column("operation", record.operation),
        "resource": _column("resource", record.resource),
        "allowed": record.allowed,
        "result": _column("result", record.result),
        "body": link.body,
    }


def _column(name: str, text: str) -> str:
    # PostgreSQL refuses what is too long, and NUL; the record itself holds the whole text.
    return text[: _WIDTHS[name]].replace("\0", "\ufffd")
