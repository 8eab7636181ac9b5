"""Daemons for the tests of this folder."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.daemon.running import Running


@pytest.fixture
def running() -> Iterator[Running]:
    with TemporaryDirectory(prefix="signetd-") as name:
        daemon = Running(Path(name))
        try:
            yield daemon
        finally:
            daemon.kill()
