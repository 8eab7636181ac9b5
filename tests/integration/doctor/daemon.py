"""A daemon on exactly the [[token]] table that the doctor suggests."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from signetd.client import Client, Endpoint, SignItem
from tests.access import establish

_FRAME = """
[daemon]
state_directory = "state"
{daemon}

[[listener]]
unix = "socket"
identity = "all"

[access]
first_security_admin = "all"

"""
_SECONDS = 60


@contextmanager
def running(table: str, daemon: str = "") -> Iterator[tuple[Client, Path]]:
    """Start a daemon; yield a client and the file of the daemon's log."""
    with TemporaryDirectory(prefix="signetd-") as name:  # a socket's path is short
        folder = Path(name)
        file, log = folder / "signetd.toml", folder / "log"
        file.write_text(_FRAME.format(daemon=daemon) + table)
        command = [sys.executable, "-m", "signetd.daemon", "--config", str(file)]
        with log.open("wb") as errors:
            process = subprocess.Popen(command, stderr=errors, start_new_session=True)
        try:
            _await_ready(process, log)
            establish(f"unix:{folder / 'socket'}", "all")
            with Client(Endpoint(f"unix:{folder / 'socket'}")) as client:
                yield client, log
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _await_ready(process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while '"event": "ready"' not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, f"the daemon was not ready in time:\n{log.read_text()}"
        time.sleep(0.02)


def sign(client: Client, token: str, key_type: str) -> None:
    """Make a key, sign with it and have the signature verified."""
    name = f"a-{key_type.lower().replace('_', '-')}"
    client.generate_key(name, token=token, key_type=key_type)
    item = SignItem(key=name, message=b"a document")
    client.verify(item, client.sign(item).signature)


def logged(log: Path, text: str) -> bool:
    """Say whether an event with *text* is in the log."""
    return any(text in json.loads(line)["event"] for line in log.read_text().splitlines())
