"""A daemon learns what was changed in its database, whoever changed it."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from signetd.daemon import lifecycle
from signetd.daemon.assemble import Daemon
from signetd.daemon.config import load_text
from signetd.daemon.policy.types import Credential, Identity, Role
from signetd.daemon.rpc.listeners import Bound
from signetd.daemon.state.identities import create_identity, update_identity
from tests.integration.daemon.test_start import CONFIGURATION

NOW = datetime.now(UTC)
AUDITOR = Identity(
    name="auditor",
    roles=frozenset({Role.AUDITOR}),
    credential=Credential.SOCKET,
    create_time=NOW,
    update_time=NOW,
)


def write(daemon: Daemon) -> None:
    """Disable an identity as a call does whose caller goes away before the policy is read anew."""
    disabled = msgspec.structs.replace(AUDITOR, disabled=True)
    with daemon.database.transaction("The test") as connection:
        create_identity(AUDITOR)(connection, NOW)
        update_identity(disabled, AUDITOR)(connection, NOW)


async def test_a_change_counts_although_nobody_waited_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "_POLICY_SECONDS", 0.02)
    done = asyncio.Event()

    async def on_ready(daemon: Daemon, servers: list[Bound]) -> None:
        await asyncio.to_thread(write, daemon)
        for _ in range(1000):
            known = daemon.book.snapshot.identity("auditor")
            if known is not None:
                break
            await asyncio.sleep(0.01)
        assert known is not None
        assert known.disabled
        done.set()

    config = load_text(CONFIGURATION, tmp_path)
    running = asyncio.create_task(lifecycle.run(config, on_ready))
    ended = asyncio.create_task(done.wait())
    await asyncio.wait({running, ended}, return_when=asyncio.FIRST_COMPLETED)
    assert done.is_set(), running.exception()
    signal.raise_signal(signal.SIGTERM)
    await asyncio.wait_for(running, 30)
