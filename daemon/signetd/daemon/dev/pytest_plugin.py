"""A pytest plugin: the fixture `signetd_dev` is a running throw-away instance.

Every pytest run of an environment that has signetd loads it, so it imports next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

_START_SECONDS = 180  # the first start on a machine compiles the token's module
_STOP_SECONDS = 30


@dataclass(frozen=True)
class SignetdDev:
    """A running instance: `endpoint` is unix:PATH without credentials, `tcp_endpoint` HOST:PORT
    with the three PEM files; both may sign, and the first one manages keys and grants.

    `system_endpoint` and `auditor_endpoint`, unix:PATH, are for those who manage the tokens and
    read the audit; `app_endpoint` is for an application, `dev-app`, that has no grants yet.
    """

    endpoint: str
    tcp_endpoint: str
    ca: Path
    certificate: Path
    private_key: Path
    folder: Path
    system_endpoint: str
    auditor_endpoint: str
    app_endpoint: str


@pytest.fixture(scope="session")
def signetd_dev() -> Iterator[SignetdDev]:
    """Start `signetd dev` in a folder of its own, and stop it after the last test."""
    import shutil
    import tempfile
    from pathlib import Path

    # pytest's own folders are too deep for the path of a socket.
    folder = Path(tempfile.mkdtemp(prefix="signetd-"))
    try:
        process, log = _start(folder)
        try:
            yield _wait_until_ready(process, log, folder)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], Path]:
    import subprocess
    import sys

    log = folder / "log"
    command = [sys.executable, "-m", "signetd.daemon", "dev", str(folder / "instance")]
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, a folder of ours
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
    return process, log


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, folder: Path) -> SignetdDev:
    import selectors

    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        answered = selector.select(_START_SECONDS)
    line = process.stdout.readline().decode() if answered else ""
    if not line.startswith("ready "):
        why = f"said {line!r}" if line else "ended or said nothing"
        raise RuntimeError(f"signetd dev {why}; its log:\n{log.read_text(errors='replace')}")
    return _read_address(folder / "instance")


def _read_address(folder: Path) -> SignetdDev:
    import json

    address = json.loads((folder / "address.json").read_text())
    client = folder / "client"
    return SignetdDev(
        endpoint=address["endpoint"],
        tcp_endpoint=address["tcp_endpoint"],
        ca=client / "ca.pem",
        certificate=client / "client.pem",
        private_key=client / "client.key",
        folder=folder,
        system_endpoint=address["system_endpoint"],
        auditor_endpoint=address["auditor_endpoint"],
        app_endpoint=address["app_endpoint"],
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    import subprocess

    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_STOP_SECONDS)
    finally:
        if process.stdout is not None:
            process.stdout.close()
