"""A whole instance, started as its users start it."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BIN = Path(sys.executable).parent


@pytest.fixture
def signetctl(signetd_dev: Any, tmp_path: Path) -> Run:
    """Run signetctl against the instance, in a folder of its own, as who manages keys and signs."""
    return _runner(signetd_dev.endpoint, tmp_path)


@pytest.fixture
def system(signetd_dev: Any, tmp_path: Path) -> Run:
    """Run signetctl as who manages tokens."""
    return _runner(signetd_dev.system_endpoint, tmp_path)


@pytest.fixture
def auditor(signetd_dev: Any, tmp_path: Path) -> Run:
    """Run signetctl as who reads the audit."""
    return _runner(signetd_dev.auditor_endpoint, tmp_path)


def _runner(endpoint: str, folder: Path) -> Run:
    def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        command = [str(BIN / "signetctl"), "--endpoint", endpoint, *arguments]
        defaults: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 100}
        return subprocess.run(command, cwd=folder, **(defaults | options))

    return run


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path that is short enough for sockets."""
    made = Path(tempfile.mkdtemp(prefix="signetd-"))
    yield made
    shutil.rmtree(made)
