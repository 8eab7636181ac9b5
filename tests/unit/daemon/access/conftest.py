"""What the tests of AccessService share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from signetd.daemon.state import open_database
from signetd.daemon.state.groups import set_group
from signetd.daemon.state.identities import create_identity
from tests.unit.daemon.access.service import Service
from tests.unit.daemon.policy.values import BEGIN, group, identity


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """An API on an empty database."""
    database = open_database(tmp_path / "state")
    yield Service(database._engine)
    database.close()


@pytest.fixture
def world(service: Service) -> Service:
    """The API with an identity `app` and a group `boss`."""
    with service.engine.begin() as connection:
        create_identity(identity())(connection, BEGIN)
        set_group(group("boss", "app"))(connection, BEGIN)
    return service
