"""Checks the end of a chain when the daemon starts, before anything is added to it."""

from collections.abc import Iterator
from typing import Final

from signetd.daemon.audit.chain import START, Place, Record, decode, hash_of, read_time
from signetd.daemon.state import audit_writing
from signetd.daemon.state.audit import AuditStore
from signetd.daemon.state.errors import StateError, explained

AT_MOST: Final = 10_000
"""Records that are read again at a start; `signetctl audit verify` reads all of an export."""
_PAGE: Final = 500


def open_chain(store: AuditStore) -> Place:
    """Return where the last record is; a new chain is begun.

    Raises StateError when the records since the last checkpoint do not follow on each other, or a
    key's counter is lower than its records say: someone has changed the database, or put an old
    one in its place. Raises SignetError INTERNAL when it cannot be read.
    """
    with explained("The audit"), store.transaction() as connection:
        audit_writing.make_chain(connection, store.chain)
        # A daemon that was killed may have a session whose COMMIT the server has still to do.
        audit_writing.lock_chain(connection, store.chain)
        body = audit_writing.last_body(connection, store.chain)
    if body is None:
        return _empty(store)
    last = _read(store, body)[1]
    _check_counters(store, _check_links(store, last))
    return last


def _empty(store: AuditStore) -> Place:
    if store.facts().first != 1:
        raise _broken(store, "it has no records left, but there were some")
    return START


def _check_links(store: AuditStore, last: Place) -> dict[str, int]:
    """Follow the chain to *last*; return the highest use of each key."""
    uses: dict[str, int] = {}
    before = _begin(store, last)
    for record, place in _records(store, before.number + 1):
        if (record.chain, record.number, record.previous) != (
            store.chain,
            before.number + 1,
            before.hash,
        ):
            raise _broken(store, f"the record {place.number} does not follow on the one before")
        if record.use:
            uses[record.resource] = max(uses.get(record.resource, 0), record.use)
        before = place
    if before != last:
        raise _broken(store, f"the record {last.number} is not the last one")
    return uses


def _begin(store: AuditStore, last: Place) -> Place:
    """Return the place from which on the links are checked."""
    facts, newest = store.facts(), store.last_checkpoint()
    number = max(facts.first - 1, last.number - AT_MOST)
    covered = 0
    if newest is not None:
        checkpoint = _read(store, newest)[0]
        covered = checkpoint.covers_number
        number = max(number, covered)
    if number == facts.first - 1:
        return Place(number=number, hash=facts.anchor, time=START.time)
    body = store.body(number)
    if body is None:
        raise _broken(store, f"the record {number} is missing")
    place = _read(store, body)[1]
    if number == covered and place.hash != checkpoint.covers_hash:
        raise _broken(store, f"the record {number} is not what its checkpoint covers")
    return place


def _records(store: AuditStore, first: int) -> Iterator[tuple[Record, Place]]:
    while bodies := store.bodies(first, None, _PAGE):
        for body in bodies:
            yield _read(store, body)
        first += len(bodies)


def _read(store: AuditStore, body: bytes) -> tuple[Record, Place]:
    try:
        record = decode(body)
        return record, Place(number=record.number, hash=hash_of(body), time=read_time(record.time))
    except ValueError as error:
        raise _broken(store, f"a record cannot be read ({error})") from None


def _check_counters(store: AuditStore, uses: dict[str, int]) -> None:
    counts = store.uses(set(uses))
    for key, use in uses.items():
        if counts.get(key, 0) < use:
            raise _broken(
                store, f"{key} was used {use} times, but its counter says {counts.get(key, 0)}"
            )


def _broken(store: AuditStore, what: str) -> StateError:
    return StateError(
        f"The audit's chain {store.chain!r} is not as it was left: {what}. Somebody has changed "
        "the database. Keep it for examination, and restore the newest backup."
    )
