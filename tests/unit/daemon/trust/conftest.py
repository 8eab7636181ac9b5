"""Scenes: on SQLite where a test is about what is said, of every kind where it is about state."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signetd.daemon.state import Database
from tests.unit.daemon.places import new_database
from tests.unit.daemon.trust.scene import Scene, opened


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """The service on SQLite, whose configuration trusts nobody."""
    database = new_database(tmp_path / "state")
    async with opened(database) as made:
        yield made
    database.close()


@pytest.fixture
async def every(database: Database) -> AsyncIterator[Scene]:
    """The service on a database of each kind."""
    async with opened(database) as made:
        yield made
