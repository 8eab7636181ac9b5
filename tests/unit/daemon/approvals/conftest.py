"""Each test with a database gets one for itself, of every kind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from signetd.daemon.state.approvals import ApprovalStore
from tests.unit.daemon.approvals.called import Service
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.served import Served
from tests.unit.daemon.places import new_database


@pytest.fixture
def engine(database_engine: Engine) -> Engine:
    return database_engine


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
    """What is served does not depend on the kind of the database."""
    database = new_database(tmp_path / "state")
    made = Served(database._engine, tmp_path)
    yield made
    made.close()
    database.close()
