"""A whole instance, started as its users start it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
BIN = Path(sys.executable).parent


@pytest.fixture
def signetctl(signetd_dev: Any, tmp_path: Path) -> Run:
    """Run signetctl against the instance, in a folder of its own."""

    def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
        command = [str(BIN / "signetctl"), "--endpoint", signetd_dev.endpoint, *arguments]
        defaults: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 100}
        return subprocess.run(command, cwd=tmp_path, **(defaults | options))

    return run
