"""What the tests of the audit share: a database, ledgers on it, and what is in their chains."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Entry, Event, Kind
from signetd.daemon.state import Database
from signetd.daemon.state.audit import AuditStore

CHAIN = "signetd-1"
MakeLedger = Callable[..., Awaitable[GroupLedger]]


def event(**changes: Any) -> Event:
    """The use of a key, as it is recorded when a signature was made."""
    values: dict[str, Any] = {
        "kind": Kind.USE,
        "identity": "alice",
        "operation": "sign",
        "resource": "keys/seal",
        "allowed": True,
        "result": "OK",
    }
    return Event(**values | changes)


def entry(*, policy_version: int = 0, **changes: Any) -> Entry:
    """An entry with this event, and whatever an Entry takes."""
    parts = {name: changes.pop(name) for name in list(changes) if name in Entry.__struct_fields__}
    return Entry(event=event(**changes), policy_version=policy_version, **parts)


@pytest.fixture
def store(database: Database) -> AuditStore:
    return database.audit(CHAIN)


@pytest.fixture
async def make_ledger(store: AuditStore) -> AsyncIterator[MakeLedger]:
    """Makes and loads ledgers; each is closed at the end."""
    made: list[GroupLedger] = []

    async def make(**options: Any) -> GroupLedger:
        options.setdefault("probe_seconds", (0.01, 0.05))
        made.append(GroupLedger(store, **options))
        await made[-1].load("signetd test")
        return made[-1]

    yield make
    for ledger in made:
        await ledger.close()


@pytest.fixture
async def ledger(make_ledger: MakeLedger) -> GroupLedger:
    return await make_ledger()


def records(store: AuditStore) -> list[dict[str, Any]]:
    """Every record, read without the daemon's own code; asserts that each follows on the last."""
    import hashlib
    import json

    bodies = list(store.bodies(1, None, 1_000_000))  # once: more may be written meanwhile
    found = [json.loads(body) for body in bodies]
    previous = "0" * 64
    for number, (record, body) in enumerate(zip(found, bodies, strict=True), start=1):
        assert (record["number"], record["previous"]) == (number, previous), (
            f"record {number} must follow on the one before: {record}"
        )
        previous = hashlib.new("sm3", body).hexdigest()
    return found
