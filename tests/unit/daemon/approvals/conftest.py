"""Each test with a database gets one for itself, of every kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from signetd.daemon.state.approvals import ApprovalStore
from tests.unit.daemon.approvals.engines import ENGINES


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    made = ENGINES[request.param](tmp_path)
    yield made
    made.dispose()


@pytest.fixture
def store(engine: Engine) -> ApprovalStore:
    return ApprovalStore(engine)
