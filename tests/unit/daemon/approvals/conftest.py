"""Each test with a database gets one for itself, of every kind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from signetd.daemon.state.approvals import ApprovalStore
from tests.unit.daemon.approvals.called import Service
from tests.unit.daemon.approvals.engines import ENGINES, sqlite
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.served import Served


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


@pytest.fixture
def service(office: Office) -> Service:
    return Service(office)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    engine = sqlite(tmp_path)
    made = Served(engine, tmp_path)
    yield made
    made.close()
    engine.dispose()
