"""Each test with a database gets one for itself, of every kind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from signetd.daemon.state.approvals import ApprovalStore
from tests.unit.daemon.approvals.engines import ENGINES
from tests.unit.daemon.approvals.office import Office


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made = ENGINES[request.param](tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> ApprovalStore:
    return ApprovalStore(engine)


@pytest.fixture
async def office(engine: Engine) -> AsyncIterator[Office]:
    made = Office(engine)
    yield made
    await made.changes.drain()
