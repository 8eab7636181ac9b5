"""What tests with a database share: each of them runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from signetd.daemon.state import Database
from tests.postgres import PostgresServer
from tests.unit.daemon.places import KINDS, Place, SharedPlace, place_of


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A place of each kind, with nothing in it."""
    with place_of(request.param, tmp_path / "state", request) as place:
        yield place


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    """A new database of each kind, up to date."""
    opened = place.new()
    yield opened
    opened.close()


@pytest.fixture
def database_engine(database: Database) -> Engine:
    """Its engine."""
    return database._engine


@pytest.fixture
def shared(postgres: PostgresServer, tmp_path: Path) -> Iterator[SharedPlace]:
    """A place in PostgreSQL, with nothing in it."""
    name = postgres.create()
    yield SharedPlace(tmp_path / "state", postgres, name)
    postgres.drop(name)
