"""signetctl in this process, on the real API of a database."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from signetd.cli.app import app
from tests.unit.daemon.access.bridge import bridge
from tests.unit.daemon.access.service import Service

Run = Callable[..., Any]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[Service, str]]:
    """The API and its address."""
    with bridge(tmp_path) as served:
        yield served


@pytest.fixture
def signetctl(serving: tuple[Service, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; returns its exit code and what it printed."""
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--endpoint", serving[1], *arguments])

    return run


@pytest.fixture
def as_json(signetctl: Run) -> Run:
    """Runs a command that must be done, and returns what it printed as JSON."""

    def run(*arguments: str) -> Any:
        done = signetctl("--output", "json", *arguments)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout) if done.stdout else None

    return run


@pytest.fixture
def world(as_json: Run) -> None:
    """An identity `app` and a group `boss`."""
    as_json("access", "identity", "add", "app", "--role", "signer")
    as_json("access", "group", "set", "boss", "app")
