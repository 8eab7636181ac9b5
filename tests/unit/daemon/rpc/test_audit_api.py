"""AuditService from end to end: a real server and the real clients; only the key is software."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import audit_service_pb2
from signetd.client import (
    AsyncClient,
    Client,
    Endpoint,
    FailedPrecondition,
    InvalidRequest,
    RecordFilter,
    ResourceExhausted,
    SignetdError,
    Unavailable,
)
from signetd.daemon.config import Limits, UnixListener
from signetd.daemon.rpc import audit_messages, rules
from signetd.daemon.rpc.audit_api import AuditApi
from signetd.daemon.rpc.convert import pem
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.following import Followers
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.listeners import bind
from signetd.daemon.rpc.recording import Recorder
from signetd.drivers.errors import Reason, SignetError
from tests.unit.audit.exports import Scene, use, verify, words
from tests.unit.audit.signers import SoftSigner
from tests.unit.daemon.rpc.fakes import FakeCallers

SERVICE = audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"]
RULES = {path: rule for path, rule in rules.RULES.items() if SERVICE.full_name in path}


class Served:
    """An audit behind a server, and a client."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self.followers = Followers(scene.audit.ledger, scene.store, limit=4)
        self.address = f"unix:{folder}/s.sock"
        dispatcher = Dispatcher(
            FakeCallers(),
            {SERVICE.full_name: AuditApi(scene.audit, self.followers)},
            Recorder(scene.audit.ledger),
            Limits(),
            (SERVICE,),
            RULES,
        )
        listener = UnixListener(unix=folder / "s.sock", identity="auditor", mode="0600")
        self.bound = bind(listener, dispatcher, Health({}, scene.audit.ledger), 10)
        self.client = AsyncClient(Endpoint(self.address), timeout=10)

    async def __aenter__(self) -> "Served":
        await self.bound.server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()
        self.followers.close()
        await self.bound.stop(None)

    async def signetctl(self, *arguments: str) -> tuple[int, str, str]:
        """The exit code, what was printed, and what on stderr."""
        command = [str(Path(sys.executable).parent / "signetctl"), "--endpoint", self.address]
        process = await asyncio.create_subprocess_exec(
            *command,
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def served(folder: Path) -> AsyncIterator[Served]:
    async with (
        Scene(folder / "state", SoftSigner()) as scene,
        Served(scene, folder) as made,
    ):
        yield made


async def numbers(served: Served, **wanted: Any) -> list[int]:
    return [each.number async for each in served.client.audit.records(RecordFilter(**wanted))]


async def test_records_are_listed_as_they_were_hashed(served: Served) -> None:
    await served.scene.write(use())
    start, signed = [each async for each in served.client.audit.records()]
    assert (start.kind, start.operation) == ("start", "start")
    assert (signed.number, signed.identity, signed.operation) == (2, "alice", "sign")
    assert (signed.resource, signed.allowed, signed.result) == ("keys/seal", True, "OK")
    assert signed.hash == served.scene.audit.ledger.tail.hash
    assert json.loads(signed.json)["previous"] == start.hash
    assert signed.time.ToDatetime(tzinfo=UTC) == served.scene.audit.ledger.tail.time


async def test_records_are_filtered(served: Served) -> None:
    await served.scene.write(use("one"), use("two"), use("two", denied="no"))
    assert await numbers(served, key="two") == [3, 4]
    assert await numbers(served, resource="keys/one") == [2]
    assert await numbers(served, identity="alice", operation="sign", result="OK") == [2, 3]
    assert await numbers(served, denied_only=True) == [4]
    assert await numbers(served, identity="nobody") == []
    now = datetime.now(UTC)
    assert await numbers(served, begin=now - timedelta(hours=1), end=now) == [1, 2, 3, 4]
    assert await numbers(served, begin=now + timedelta(hours=1)) == []
    assert await numbers(served, end=now - timedelta(hours=1)) == []


async def test_pages_follow_on_each_other(served: Served) -> None:
    await served.scene.write(*[use()] * 6)
    found, token = [], ""
    while True:
        request = audit_service_pb2.ListRecordsRequest(page_size=3, page_token=token)
        reply = await AuditApi(served.scene.audit, served.followers).list_records(request)
        found.append([each.number for each in reply.records])
        token = reply.next_page_token
        if not token:
            break
    assert found == [[1, 2, 3], [4, 5, 6], [7]]
    with pytest.raises(SignetError) as refused:
        audit_messages.read_page_token("after-x")
    assert refused.value.reason is Reason.INPUT_INVALID


async def test_a_time_that_is_none_is_refused() -> None:
    request = audit_service_pb2.ListRecordsRequest()
    request.until.seconds = 1 << 60
    with pytest.raises(SignetError, match="until is not a time"):
        audit_messages.record_filter(request)


async def test_whoever_follows_gets_what_was_and_what_comes(served: Served) -> None:
    await served.scene.write(use(), use())
    async with aclosing(served.client.audit.follow(2)) as records:
        assert [(await anext(records)).number for _ in range(2)] == [2, 3]
        await served.scene.write(*[use()] * 250)
        assert [(await anext(records)).number for _ in range(250)] == list(range(4, 254))


async def test_whoever_follows_from_now_on_gets_what_comes(served: Served) -> None:
    async with aclosing(served.client.audit.follow()) as records:
        following = asyncio.create_task(anext(records))
        while not served.followers._news:  # noqa: ASYNC110  # until the daemon has the request
            await asyncio.sleep(0.01)
        await served.scene.write(use("late"))
        assert (await following).resource == "keys/late"


async def test_followers_are_bounded_and_end_with_the_daemon(served: Served) -> None:
    streams = [served.client.audit.follow(1) for _ in range(3)]
    ends: list[SignetdError] = []
    for stream in streams:
        try:
            await anext(stream)
        except SignetdError as error:
            ends.append(error)
    assert [type(each) for each in ends] == [ResourceExhausted], "one client may have half of 4"
    served.followers.close()
    with pytest.raises(Unavailable):
        await anext(streams[0])
    for stream in streams:
        await stream.aclose()


async def test_what_was_pruned_cannot_be_followed(served: Served) -> None:
    await served.scene.write(use(), use())
    assert [piece async for piece in served.client.audit.export()]
    await served.client.audit.prune(3)
    with pytest.raises(FailedPrecondition, match="begins with 3"):
        await anext(served.client.audit.follow(1))
    assert (await numbers(served))[0] == 3


async def test_an_export_over_grpc_is_right(served: Served) -> None:
    await served.scene.write(*[use()] * 300)
    data = b"".join([piece async for piece in served.client.audit.export()])
    report = verify(data, trusted=[served.scene.signer.spki])
    assert report.ok, words(report)
    assert report.records == 302

    def export() -> bytes:
        with Client(Endpoint(served.address)) as client:
            return b"".join(client.audit.export(first=303))

    report = verify(data, await asyncio.to_thread(export), trusted=[served.scene.signer.spki])
    assert report.ok, words(report)


async def test_the_status_says_all(served: Served) -> None:
    await served.scene.write(use())
    before = await served.client.audit.status()
    assert (before.chain, before.first, before.last, before.covered) == ("signetd-1", 1, 2, 0)
    assert (before.key, before.exported) == ("keys/audit", 0)
    assert not before.HasField("checkpoint_time")
    after = await served.client.audit.checkpoint()
    assert (after.last, after.covered) == (3, 2)
    assert after.HasField("checkpoint_time")
    served.scene.signer.failure = SignetError(Reason.TOKEN_LOCKED, "The token is locked.")
    with pytest.raises(FailedPrecondition):
        await served.client.audit.checkpoint()
    assert (await served.client.audit.status()).checkpoint_failure == "The token is locked."


async def test_pruning_is_in_the_chain_with_who_did_it(served: Served) -> None:
    await served.scene.write(use())
    assert [piece async for piece in served.client.audit.export()]
    status = await served.client.audit.prune(2)
    assert (status.first, status.exported) == (2, 3)
    record = [each async for each in served.client.audit.records()][-1]
    assert (record.kind, record.identity, record.operation) == (
        "prune",
        "auditor",
        "AuditService/PruneRecords",
    )
    with pytest.raises(FailedPrecondition):
        await served.client.audit.prune(100)
    with pytest.raises(InvalidRequest):
        await served.client.audit.prune(0)
    with pytest.raises(InvalidRequest):
        await served.client.audit.prune(-5)


async def test_signetctl_exports_verifies_and_prunes(served: Served, tmp_path: Path) -> None:
    await served.scene.write(use(), use(denied="no"))
    key, out = tmp_path / "audit.pem", tmp_path / "export.jsonl"
    key.write_text(pem(served.scene.signer.spki))
    options = ("audit", "export", "-o", str(out), "--public-key", str(key))
    code, printed, errors = await served.signetctl(*options)
    assert (code, errors) == (0, "")
    assert "nothing was changed" in printed
    assert "keys/seal: 1" in printed
    assert sorted(os.listdir(tmp_path)) == ["audit.pem", "export.jsonl"]
    code, printed, _ = await served.signetctl("--output", "json", "audit", "prune", "3")
    assert (code, json.loads(printed)["first"]) == (0, 3)
    code, printed, _ = await served.signetctl("--output", "json", "audit", "list", "--denied")
    assert [each["number"] for each in json.loads(printed)] == [3]
    code, printed, _ = await served.signetctl("audit", "verify", str(out))
    assert (code, "NOT PROVEN" in printed) == (1, True)
    out.write_bytes(out.read_bytes().replace(b"alice", b"mallet"))
    check = ("audit", "verify", str(out), "--public-key", str(key))
    code, printed, errors = await served.signetctl(*check)
    assert code == 1
    assert "NOT AS IT WAS WRITTEN" in printed
    assert f"{out}:4: the record 3 does not follow on the one before it" in errors
    code, printed, _ = await served.signetctl(*check, "--json")
    assert (code, json.loads(printed)["ok"]) == (1, False)


async def test_signetctl_follows(served: Served) -> None:
    await served.scene.write(use())
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "signetctl"), "--endpoint", served.address),
        *("audit", "follow", "--first", "1"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    lines = [await process.stdout.readline() for _ in range(2)]
    process.send_signal(2)
    assert await process.wait() == 0
    assert lines[1].decode().split("  ")[2:] == ["use", "alice", "sign", "keys/seal", "OK\n"]
