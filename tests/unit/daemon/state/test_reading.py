"""Who reads waits for nobody who writes, and keeps nobody from writing."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from signetd.daemon.audit.types import Charge
from signetd.daemon.state import Database
from tests.unit.daemon.places import Place

NOW = datetime(2026, 11, 25, tzinfo=UTC)
READERS: dict[str, Callable[[Database], object]] = {
    "version": lambda database: database.access.version(),
    "snapshot": lambda database: database.access.snapshot(),
    "keys": lambda database: database.keys.all(),
    "approval": lambda database: database.approvals.get("a1"),
    "approvals": lambda database: database.approvals.page(None, 10, (), lambda _: True, NOW),
    "usage": lambda database: database.usage.counts([Charge(scope="keys/seal")]),
}


@pytest.mark.parametrize("name", READERS)
def test_reading_beside_a_transaction(name: str, place: Place) -> None:
    database = place.open(call_timeout=1.0)
    try:
        with database.transaction("The test"):
            READERS[name](database)
    finally:
        database.close()
