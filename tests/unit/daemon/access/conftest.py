"""What the tests of AccessService share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from signetd.daemon.state import open_database
from tests.unit.daemon.access.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """An API on an empty database."""
    database = open_database(tmp_path / "state")
    yield Service(database._engine)
    database.close()
