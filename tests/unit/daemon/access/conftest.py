"""What the tests of AccessService share."""

import pytest
from sqlalchemy import Engine

from signetd.daemon.state.groups import set_group
from signetd.daemon.state.identities import create_identity
from tests.unit.daemon.access.service import Service
from tests.unit.daemon.policy.values import BEGIN, group, identity


@pytest.fixture
def service(database_engine: Engine) -> Service:
    """An API on an empty database."""
    return Service(database_engine)


@pytest.fixture
def world(service: Service) -> Service:
    """The API with an identity `app` and a group `boss`."""
    with service.engine.begin() as connection:
        create_identity(identity())(connection, BEGIN)
        set_group(group("boss", "app"))(connection, BEGIN)
    return service
