"""A daemon whose state is in PostgreSQL, with a server that restarts and a name that gets lost."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from signetd.client import Client, SignItem, Unavailable
from signetd.daemon import lifecycle
from signetd.daemon.assemble import Daemon
from signetd.daemon.config import load_text
from signetd.daemon.errors import StartError
from signetd.daemon.rpc.listeners import Bound
from signetd.daemon.state import hold
from signetd.daemon.state.locks import lock_number
from tests.integration.daemon.running import Running
from tests.postgres import SUPERUSER, PostgresServer

END_OF_HOLD = """
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def name(postgres: PostgresServer) -> Iterator[str]:
    """An empty database."""
    name = postgres.create()
    yield name
    postgres.drop(name)


def table(postgres: PostgresServer, name: str) -> str:
    """The configuration's table for it."""
    return f'[database]\nurl = "postgresql://{SUPERUSER}@/{name}?host={postgres.folder}"\n'


def await_signature(client: Client) -> None:
    """Return when it signs again; what it cannot write down it does not sign."""
    end = time.monotonic() + 20
    while True:
        try:
            assert client.sign(SignItem(key="k", message=b"a document")).signature
            return
        except Unavailable:
            assert time.monotonic() < end, "the daemon did not find its database again"
            time.sleep(0.1)


def await_waiting(postgres: PostgresServer, name: str) -> None:
    """Return when a session waits for a lock."""
    while postgres.run(name, "SELECT count(*) FROM pg_locks WHERE NOT granted") == [(0,)]:
        time.sleep(0.01)


def test_a_daemon_outlives_a_restart_of_its_server(
    running: Running, postgres: PostgresServer, name: str
) -> None:
    running.start(database=table(postgres, name))
    with running.client() as client:
        client.generate_key("k", token="t", key_type="EC_P256")
        postgres.stop()
        try:
            with pytest.raises(Unavailable) as caught:
                client.sign(SignItem(key="k", message=b"a document"))
        finally:
            postgres.start()
        assert (caught.value.reason, caught.value.retryable) == ("AUDIT_UNAVAILABLE", True)
        await_signature(client)
        client.generate_key("l", token="t", key_type="EC_P256")
    assert postgres.run(name, "SELECT id FROM keys ORDER BY id") == [("k",), ("l",)]
    file = running.folder / "second.toml"
    first = (running.folder / "signetd.toml").read_text()
    file.write_text(
        first.replace('"state"', '"second"')
        .replace('"socket"', '"socket2"')
        .replace('"system"', '"system2"')
    )
    command = [sys.executable, "-m", "signetd.daemon", "--config", str(file)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert second.returncode == 1
    assert "Another signetd with the name 'signetd' uses the database" in second.stderr
    assert "Traceback" not in second.stderr


async def test_a_daemon_whose_name_is_lost_stops(
    tmp_path: Path, postgres: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(hold, "_GRACE_SECONDS", 0.1)
    text = f"""{table(postgres, name)}
[daemon]
state_directory = "state"
[[listener]]
unix = "socket"
identity = "all"
"""
    ready = asyncio.Event()

    async def on_ready(daemon: Daemon, servers: list[Bound]) -> None:
        ready.set()

    running = asyncio.create_task(lifecycle.run(load_text(text, tmp_path), on_ready))
    await asyncio.wait_for(ready.wait(), 30)
    with postgres.session(name) as other:
        number = lock_number("daemon", "signetd")
        taking = asyncio.create_task(
            asyncio.to_thread(other.execute, "SELECT pg_advisory_lock(%s)", [number])
        )
        await asyncio.wait_for(asyncio.to_thread(await_waiting, postgres, name), 20)
        postgres.run(name, END_OF_HOLD)
        await taking
        with pytest.raises(StartError, match="Another signetd with the name 'signetd'"):
            await asyncio.wait_for(running, 30)
