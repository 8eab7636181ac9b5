"""What tests of several folders share: a PostgreSQL server for each process of tests."""

from collections.abc import Iterator

import pytest

from tests.postgres import PostgresServer, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that is started when the first test asks for it, and ends with the tests."""
    with running_server() as server:
        yield server
