"""Clients that are slow, silent or too many cost a connection each, and others are served."""

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import StatusCode, aio

from signetd.api.v1 import signing_service_pb2
from signetd.daemon.config import Limits
from signetd.daemon.rpc import listeners
from signetd.drivers.life import TokenState
from tests.unit.daemon.rpc.conftest import Caller, Service
from tests.unit.daemon.rpc.raw_http2 import PREFACE, RawClient

LIST_KEYS = "/signetd.api.v1.KeyService/ListKeys"
SIGN = "/signetd.api.v1.SigningService/Sign"
BATCH = "/signetd.api.v1.SigningService/BatchSign"
WATCH = "/signetd.api.v1.TokenService/WatchTokens"
Sign = signing_service_pb2.SignRequest


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handshakes may take a second only."""
    options = dict(listeners._OPTIONS) | {"grpc.server_handshake_timeout_ms": 1000}
    monkeypatch.setattr(listeners, "_OPTIONS", tuple(options.items()))


def socket_of(service: Service) -> str:
    return service.running[0].address.removeprefix("unix:")


async def test_silent_connections_hold_up_nobody(serve: Any) -> None:
    service, caller = await serve()
    async with contextlib.AsyncExitStack() as stack:
        for said in (b"", PREFACE[:5], PREFACE, PREFACE + b"\0\0"):
            client = await stack.enter_async_context(RawClient(socket_of(service)))
            client.writer.write(said)
        await caller.raw(LIST_KEYS, b"")


async def test_a_silent_connection_is_closed(serve: Any, impatient: None) -> None:
    service, _ = await serve()
    async with RawClient(socket_of(service)) as client:
        await asyncio.wait_for(client.closed(), 10)


async def test_half_a_request_ends_with_the_deadline_and_gives_back_its_place(serve: Any) -> None:
    service, caller = await serve(default_deadline=0.3, calls_per_client=2)
    async with RawClient(socket_of(service)) as client:
        await client.greet()
        await client.call(SIGN, b"0123456789", length=1000)
        await caller.raw(LIST_KEYS, b"")
        refused = await asyncio.wait_for(client.answer(), 10)
        assert b"grpc-status" in refused
    await asyncio.wait_for(service.dispatcher.quiet(0), 10)
    assert service.engine.asked == []


async def test_one_that_reads_no_replies_holds_up_nobody(serve: Any) -> None:
    service, caller = await serve(calls_per_client=1)
    item = Sign(key="keys/seal", message=b"x" * 100)
    request = signing_service_pb2.BatchSignRequest(requests=[item] * 1000)
    async with RawClient(socket_of(service)) as client:
        await client.greet()
        await client.call(BATCH, request.SerializeToString())
        await client.answer()
        for _ in range(3):
            await caller.raw(LIST_KEYS, b"")
        # The daemon keeps its reply for it, and counts that memory until the connection ends.
        held = service.dispatcher._admission._bytes
        assert held.taken("both") > 100_000
    for _ in range(1000):
        if not held.taken("both"):
            return
        await asyncio.sleep(0.01)
    pytest.fail("what a connection held was not given back with its end")


async def test_a_watcher_that_never_reads_is_cut_off_at_the_stop(serve: Any) -> None:
    service, _ = await serve()
    token = service.tokens["t1"]
    async with RawClient(socket_of(service)) as client:
        await client.greet()
        await client.call(WATCH, b"")
        await client.answer()
        # More than its window of 64 KiB, so that the daemon waits for room.
        for number in range(10):
            service.watchers.publish(token.turn(TokenState.FAILED, f"{number} " + "x" * 20_000))
        await asyncio.sleep(0.1)
        service.watchers.close()
        await asyncio.wait_for(service.dispatcher.streams.end(0.2), 5)
        await asyncio.wait_for(service.dispatcher.quiet(0), 5)


async def test_one_connection_too_many_is_closed_until_another_ends(
    serve: Any, impatient: None
) -> None:
    service, caller = await serve(connections=3)
    await caller.raw(LIST_KEYS, b"")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            client = await stack.enter_async_context(RawClient(socket_of(service)))
            await client.greet()
        async with _own_connection(service) as channel:
            with pytest.raises(aio.AioRpcError) as caught:
                await Caller(channel).raw(LIST_KEYS, b"")
        assert caught.value.code() is StatusCode.UNAVAILABLE
        await caller.raw(LIST_KEYS, b"")
    async with asyncio.timeout(10), _own_connection(service) as channel:
        await _served(Caller(channel))


def _own_connection(service: Service) -> aio.Channel:
    # Else the channels of a process share their connections.
    alone = (("grpc.use_local_subchannel_pool", 1),)
    return aio.insecure_channel(service.running[0].address, options=alone)


async def _served(caller: Caller) -> None:
    while True:
        try:
            await caller.raw(LIST_KEYS, b"")
        except aio.AioRpcError:
            await asyncio.sleep(0.05)
        else:
            return


async def test_unfinished_tls_handshakes_hold_up_nobody_and_end(
    folder: Path, impatient: None
) -> None:
    service = Service(folder, Limits(connections=3))
    try:
        address = await service.serve_tcp()
        host, _, port = address.rpartition(":")
        silent = [socket.create_connection((host, int(port))) for _ in range(2)]
        silent[1].send(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a ClientHello
        async with aio.secure_channel(address, _credentials(folder / "client")) as channel:
            request = signing_service_pb2.SignRequest(key="keys/seal", message=b"")
            assert await Caller(channel).call("SigningService/Sign", request)
        for each in silent:
            each.setblocking(False)
            assert await asyncio.wait_for(_end(each), 10) == b""
            each.close()
    finally:
        await service.close()


def _credentials(folder: Path) -> grpc.ChannelCredentials:
    ca, key, certificate = (folder / name for name in ("ca.pem", "client.key", "client.pem"))
    files = (ca.read_bytes(), key.read_bytes(), certificate.read_bytes())
    return grpc.ssl_channel_credentials(*files)


async def _end(connection: socket.socket) -> bytes:
    try:
        return await asyncio.get_running_loop().sock_recv(connection, 1)
    except ConnectionResetError:
        return b""


async def test_a_peer_that_answers_no_pings_is_let_go_without_a_call_too(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = {
        name: value // 40 if "keepalive_time" in name or "ping_timeout" in name else value
        for name, value in listeners._OPTIONS
    }
    monkeypatch.setattr(listeners, "_OPTIONS", tuple(quick.items()))
    service, _ = await serve()
    async with RawClient(socket_of(service)) as client:
        await client.greet()
        await asyncio.wait_for(client.closed(), 20)
