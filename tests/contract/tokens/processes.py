"""Programs that a token needs beside it, ended when their token is, or the tests are."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

_SECONDS = 15.0
Process: TypeAlias = subprocess.Popen[bytes]


@contextmanager
def running(*command: str, log: Path, environment: Mapping[str, str]) -> Iterator[Process]:
    """Run a program; end it on the way out. What it says is in *log*."""
    bound = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*bound, *command],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it and what it starts are ended together
        )
        try:
            yield process
        finally:
            end(process, signal.SIGTERM)
            process.wait(_SECONDS)


def end(process: Process, number: int = signal.SIGKILL) -> None:
    """End a program and those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def await_file(path: Path, process: Process, log: Path) -> None:
    """Wait until a program has made this file, such as its socket."""
    until(path.exists, f"{path} was not made", process, log)


def until(holds: Callable[[], bool], complaint: str, process: Process, log: Path) -> None:
    """Wait until something holds; a program that ends before, or is too slow, is shown."""
    end = time.monotonic() + _SECONDS
    while not holds():
        said = log.read_text(errors="replace")[-2000:]
        assert process.poll() is None, f"the program ended:\n{said}"
        assert time.monotonic() < end, f"{complaint} within {_SECONDS:.0f} seconds:\n{said}"
        time.sleep(0.02)
