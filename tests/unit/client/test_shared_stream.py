"""Single calls of one client under way at once share a stream, and nobody notices."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_status import rpc_status

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import (
    AsyncClient,
    Client,
    DeadlineExceeded,
    InvalidRequest,
    SignetdError,
    SignItem,
    Unavailable,
)
from signetd.client._stream_aio import AsyncSignStream, TaskTicket
from signetd.client._stream_sync import SignStream, ThreadTicket
from tests.unit.client import stream_server as server
from tests.unit.client.stream_server import KINDS, Daemon, answer, item, numbers, result

both = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path)
    yield made
    made.stop()


def many(number: int) -> list[SignItem]:
    return [item(each) for each in range(number)]


@both
def test_calls_one_after_the_other_need_no_stream(kind: str, daemon: Daemon) -> None:
    assert numbers(server.sign_at_once(kind, daemon.endpoint, many(5), width=1)) == [*range(5)]
    assert (daemon.streams, len(daemon.single)) == (0, 5)


def test_a_call_alone_goes_over_a_stream_that_is_open_still(daemon: Daemon) -> None:
    with Client(daemon.endpoint) as client, ThreadPoolExecutor(16) as threads:
        list(threads.map(client.sign, many(100)))
        over_streams, single = len(daemon.items), len(daemon.single)
        assert numbers([client.sign(item(7))]) == [7]
        assert (len(daemon.items), len(daemon.single)) == (over_streams + 1, single)
    assert daemon.streams == 1


async def test_asyncio_a_call_alone_goes_over_a_stream_that_is_open_still(daemon: Daemon) -> None:
    async with AsyncClient(daemon.endpoint) as client:
        await asyncio.gather(*(client.sign(each) for each in many(100)))
        over_streams, single = len(daemon.items), len(daemon.single)
        assert numbers([await client.sign(item(7))]) == [7]
        assert (len(daemon.items), len(daemon.single)) == (over_streams + 1, single)
    assert daemon.streams == 1


@both
def test_a_storm_shares_one_stream_and_each_gets_its_own(kind: str, daemon: Daemon) -> None:
    found = server.sign_at_once(kind, daemon.endpoint, many(3000), width=64)
    assert numbers(found) == [*range(3000)]
    assert daemon.streams == 1
    assert len(daemon.items) + len(daemon.single) == 3000
    assert len(daemon.items) > 2000, "the others share"
    daemon.await_no_stream()
    assert [each.name for each in threading.enumerate() if each.name == "signetd"] == []


@both
def test_a_longer_timeout_than_a_stream_grants_goes_alone(kind: str, daemon: Daemon) -> None:
    found = server.sign_at_once(kind, daemon.endpoint, many(100), timeout=31.0)
    assert numbers(found) == [*range(100)]
    assert (daemon.streams, len(daemon.single)) == (0, 100)


@both
def test_an_older_daemon_gets_single_calls_for_good(kind: str, daemon: Daemon) -> None:
    daemon.serve = None
    assert numbers(server.sign_at_once(kind, daemon.endpoint, many(200))) == [*range(200)]
    assert len(daemon.single) == 200


@both
def test_where_the_daemon_has_no_room_for_a_stream_calls_go_alone(
    kind: str, daemon: Daemon
) -> None:
    def refuse(_requests: Any, context: Any) -> Iterator[Any]:
        context.abort_with_status(rpc_status.to_status(server.BUSY))
        yield

    daemon.serve = refuse
    assert numbers(server.sign_at_once(kind, daemon.endpoint, many(200))) == [*range(200)]
    assert len(daemon.single) == 200
    assert daemon.streams <= 16, "only those that were under way already ask for one"
    assert numbers(server.sign_many(kind, daemon.endpoint, many(50))) == [*range(50)]


@both
def test_errors_are_those_of_each_call(kind: str, daemon: Daemon) -> None:
    def odd_ones_are_refused(requests: Any, _: Any) -> Iterator[Any]:
        for message in requests:
            yield answer(
                signing.SignStreamResult(reference=each.reference, error=server.REFUSED)
                if int(each.request.message) % 2
                else result(each)
                for each in message.items
            )

    daemon.serve = odd_ones_are_refused
    found = server.sign_at_once(kind, daemon.endpoint, many(300))
    for number, one in enumerate(numbers(found)):
        assert one == number or (one == "NOT_ALLOWED" and number % 2), number
    assert "NOT_ALLOWED" in numbers(found)


@both
def test_what_the_daemon_lets_be_tried_again_is(kind: str, daemon: Daemon) -> None:
    """As a stream that ends because the daemon stops: it is back in time, or it is not."""

    def stops_once(requests: Any, context: Any) -> Iterator[Any]:
        for message in requests:
            if daemon.streams == 1:
                context.abort_with_status(rpc_status.to_status(server.STOPPING))
            yield answer(map(result, message.items))

    daemon.serve = stops_once
    assert numbers(server.sign_at_once(kind, daemon.endpoint, many(100))) == [*range(100)]
    assert daemon.streams == 2


@both
def test_a_connection_that_breaks_is_an_error_as_for_a_single_call(
    kind: str, daemon: Daemon
) -> None:
    """Whether it was signed is not known, and `sign` never did it twice by itself."""

    def breaks(requests: Any, context: Any) -> Iterator[Any]:
        for message in requests:
            if daemon.streams == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            yield answer(map(result, message.items))

    daemon.serve = breaks
    found = server.sign_at_once(kind, daemon.endpoint, many(100))
    lost = [one for one in found if isinstance(one, SignetdError)]
    assert lost
    assert all(isinstance(one, Unavailable) and one.reason == "CONNECTION_FAILED" for one in lost)
    assert len(lost) < 50, "those after it have a stream of their own"
    assert len(daemon.items) == len({*daemon.items}), "nothing was sent twice"


@both
def test_a_large_message_goes_alone_and_spoils_nothing(kind: str, daemon: Daemon) -> None:
    large = SignItem(key="k", message=b"7 " + bytes(2 << 20))
    found = server.sign_at_once(kind, daemon.endpoint, [*many(50), large, *many(50)])
    assert numbers(found) == [*range(50), 7, *range(50)]
    assert max(map(len, daemon.items)) < 100


def ticket_of(kind: type[Any], number: int, seconds: float) -> Any:
    request = signing.SignRequest(key="keys/k", message=b"%d" % number)
    return kind(request, time.monotonic() + seconds)


def silent_for_odd(requests: Any, _: Any) -> Iterator[Any]:
    for message in requests:
        yield answer(result(each) for each in message.items if not int(each.request.message) % 2)


def test_each_has_its_own_deadline_and_leaves_nothing_behind(daemon: Daemon) -> None:
    daemon.serve = silent_for_odd
    with grpc.insecure_channel(daemon.endpoint.address) as channel:
        stream = SignStream(channel, daemon.endpoint.address)
        tickets = [ticket_of(ThreadTicket, number, 0.2 + 0.2 * number) for number in range(6)]
        for ticket in tickets:
            stream.submit(ticket)
        began = time.monotonic()
        outcomes = [stream.result(ticket) for ticket in tickets]
        assert 0.9 < time.monotonic() - began < 5
        late = [isinstance(each, DeadlineExceeded) for each in outcomes]
        assert late == [False, True] * 3
        assert not stream._outbox._under_way, "references of those that are gone are free"
        assert not stream._outbox.is_wanted
        stream.close()


async def test_asyncio_a_cancelled_call_leaves_nothing_behind(daemon: Daemon) -> None:
    daemon.serve = silent_for_odd
    async with grpc.aio.insecure_channel(daemon.endpoint.address) as channel:
        stream = AsyncSignStream(channel, daemon.endpoint.address)
        tickets = [ticket_of(TaskTicket, number, 20) for number in range(6)]
        for ticket in tickets:
            stream.submit(ticket)
        calls = [asyncio.create_task(stream.result(ticket)) for ticket in tickets]
        done, waiting = await asyncio.wait(calls, timeout=1)
        assert (len(done), len(waiting)) == (3, 3)
        for call in waiting:
            call.cancel()
        await asyncio.wait(waiting)
        assert all(call.cancelled() for call in waiting)
        assert not stream._outbox._under_way
        assert not stream._outbox.is_wanted
        await stream.close()


def test_a_stream_that_nobody_needs_ends_and_comes_back(daemon: Daemon) -> None:
    with grpc.insecure_channel(daemon.endpoint.address) as channel:
        stream = SignStream(channel, daemon.endpoint.address, idle_seconds=0.2)
        for number in range(2):
            ticket = ticket_of(ThreadTicket, number, 10)
            stream.submit(ticket)
            assert isinstance(stream.result(ticket), signing.SignResponse)
            daemon.await_no_stream()
            assert daemon.streams == number + 1
        stream.close()


async def test_asyncio_a_stream_that_nobody_needs_ends_and_comes_back(daemon: Daemon) -> None:
    async with grpc.aio.insecure_channel(daemon.endpoint.address) as channel:
        stream = AsyncSignStream(channel, daemon.endpoint.address, idle_seconds=0.2)
        for number in range(2):
            ticket = ticket_of(TaskTicket, number, 10)
            stream.submit(ticket)
            assert isinstance(await stream.result(ticket), signing.SignResponse)
            await asyncio.to_thread(daemon.await_no_stream)
            assert daemon.streams == number + 1
        await stream.close()


@both
def test_closing_the_client_ends_calls_under_way(kind: str, daemon: Daemon) -> None:
    def silent(requests: Any, _: Any) -> Iterator[Any]:
        yield from (answer([]) for _message in requests if False)

    daemon.serve, daemon.held = silent, threading.Event()

    async def asynchronously() -> list[Any]:
        client = AsyncClient(daemon.endpoint)
        calls = [asyncio.create_task(client.sign(each)) for each in many(5)]
        await asyncio.sleep(0.3)
        await client.close()
        return await asyncio.gather(*calls, return_exceptions=True)

    def in_threads() -> list[Any]:
        client = Client(daemon.endpoint)
        with ThreadPoolExecutor(5) as threads:
            calls = [threads.submit(client.sign, each) for each in many(5)]
            time.sleep(0.3)
            client.close()
            return [call.exception() for call in calls]

    found = in_threads() if kind == "sync" else asyncio.run(asynchronously())
    daemon.held.set()
    shared = [one for one in found if isinstance(one, Unavailable)]
    assert len(shared) >= 4, found


def test_a_closed_client_says_so(daemon: Daemon) -> None:
    with grpc.insecure_channel(daemon.endpoint.address) as channel:
        stream = SignStream(channel, daemon.endpoint.address)
        stream.close()
        with pytest.raises(Unavailable, match="closed"):
            stream.submit(ticket_of(ThreadTicket, 1, 1))


def test_what_is_wrong_with_an_item_is_told_before_it_is_sent(daemon: Daemon) -> None:
    with Client(daemon.endpoint) as client, pytest.raises(InvalidRequest):
        client.sign(SignItem(key="k", message=b"", algorithm="md5"))
    assert not daemon.single


_PROGRAM = """
import asyncio, sys, threading
from signetd.client import AsyncClient, Client, Endpoint, SignItem

endpoint, item = Endpoint(sys.argv[1]), SignItem(key="k", message=b"1")
client = Client(endpoint)
threads = [threading.Thread(target=client.sign, args=(item,)) for _ in range(20)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
results = client.sign_many([item] * 10)
next(results)

async def main():
    client = AsyncClient(endpoint)
    await asyncio.gather(*(client.sign(item) for _ in range(20)))
    async for _ in client.sign_many([item] * 10):
        break

asyncio.run(main())
print("the end")
"""


def test_a_program_that_closes_nothing_ends_quietly(daemon: Daemon) -> None:
    """Its streams are open when it ends: no thread holds it up, and nothing is complained of."""
    command = [sys.executable, "-W", "error", "-c", _PROGRAM, daemon.endpoint.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")
