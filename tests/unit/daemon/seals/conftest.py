"""Offices: on SQLite where a test is about what is said, of every kind where it is about state."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signetd.daemon.state import Database
from tests.unit.daemon.places import new_database
from tests.unit.daemon.seals.office import Office, opened


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """SealService on SQLite."""
    database = new_database(tmp_path / "state")
    async with opened(database) as made:
        yield made
    database.close()


@pytest.fixture
async def every(database: Database) -> AsyncIterator[Office]:
    """SealService on a database of each kind."""
    async with opened(database) as made:
        yield made
