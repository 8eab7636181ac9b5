"""sign_many of both clients: order, window, errors of items, broken streams, closing early."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_status import rpc_status

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import AsyncClient, Client, InvalidRequest, SignetdError, SignItem
from tests.unit.client import stream_server as server
from tests.unit.client.stream_server import KINDS, Daemon, answer, item, numbers, result

both = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path)
    yield made
    made.stop()


def items(number: int) -> Iterator[SignItem]:
    return (item(each) for each in range(number))


@both
def test_results_come_in_the_order_of_the_items(kind: str, daemon: Daemon) -> None:
    def backwards(requests: Any, _: Any) -> Iterator[Any]:
        for message in requests:
            for each in reversed(message.items):
                yield answer([result(each)])

    daemon.serve = backwards
    found = server.sign_many(kind, daemon.endpoint, items(1000))
    assert numbers(found) == [*range(1000)]
    assert len(daemon.messages) < 500, "what waits travels together"
    assert max(len(message.items) for message in daemon.messages) <= 100
    references = [each.reference for message in daemon.messages for each in message.items]
    assert len(set(references)) == 1000
    assert all(each.request.input_crc32c for each in daemon.messages[0].items)
    daemon.await_no_stream()


@both
def test_no_items(kind: str, daemon: Daemon) -> None:
    assert server.sign_many(kind, daemon.endpoint, []) == []
    assert daemon.streams == 0


@both
def test_a_message_has_at_most_four_mebibytes(kind: str, daemon: Daemon) -> None:
    large = [SignItem(key="k", message=b"%d " % each + bytes(1 << 20)[:-9]) for each in range(20)]
    found = server.sign_many(kind, daemon.endpoint, large)
    assert [one for one in found if isinstance(one, SignetdError)] == []
    assert max(message.ByteSize() for message in daemon.messages) <= 4 << 20


@both
def test_one_item_that_is_slow_holds_up_a_window_and_no_more(kind: str, daemon: Daemon) -> None:
    """… and memory is that of a window: no more is read from the source until it is answered."""
    read, go_on = [], threading.Event()

    def source() -> Iterator[SignItem]:
        for number in range(100):
            read.append(number)
            yield item(number)

    def first_is_slow(requests: Any, _: Any) -> Iterator[Any]:
        slow = None
        for number in count():
            message = next(requests, None)
            if message is None:
                break
            if number == 0:
                slow = message.items[0]
            yield answer(result(each) for each in message.items if each is not slow)
            if len(daemon.items) >= 10 and slow is not None:
                time.sleep(0.2)
                seen.append(len(read))
                yield answer([result(slow)])
                slow = None
        go_on.set()

    seen: list[int] = []
    daemon.serve = first_is_slow
    found = server.sign_many(kind, daemon.endpoint, source(), window=10)
    assert numbers(found) == [*range(100)]
    assert seen[0] <= 11, "ten are on their way, one was read and waits for its turn"


@both
def test_an_item_that_fails_is_a_result_and_others_go_on(kind: str, daemon: Daemon) -> None:
    def some_are_refused(requests: Any, _: Any) -> Iterator[Any]:
        for message in requests:
            yield answer(
                signing.SignStreamResult(reference=each.reference, error=server.REFUSED)
                if each.request.message == b"3"
                else result(each)
                for each in message.items
            )

    daemon.serve = some_are_refused
    mixed = [item(1), SignItem(key="k", message=b"", algorithm="md5"), item(3), item(4)]
    found = server.sign_many(kind, daemon.endpoint, mixed)
    assert numbers(found) == [1, "INPUT_INVALID", "NOT_ALLOWED", 4]


@both
def test_a_signature_that_was_altered_spoils_only_itself(kind: str, daemon: Daemon) -> None:
    def alter(requests: Any, _: Any) -> Iterator[Any]:
        for message in requests:
            results = [result(each) for each in message.items]
            for one in results:
                one.response.signature_crc32c ^= one.response.signature == b"signed 1"
            yield answer(results)

    daemon.serve = alter
    first, second, third = server.sign_many(kind, daemon.endpoint, items(3))
    assert numbers([first, third]) == [0, 2]
    assert "checksum" in str(second)


@both
def test_what_the_daemon_lets_be_tried_again_is(kind: str, daemon: Daemon) -> None:
    def busy_once(requests: Any, _: Any) -> Iterator[Any]:
        seen = set()
        for message in requests:
            for each in message.items:
                again = each.request.message in seen
                seen.add(each.request.message)
                busy = signing.SignStreamResult(reference=each.reference, error=server.BUSY)
                yield answer([result(each) if again else busy])

    daemon.serve = busy_once
    began = time.monotonic()
    assert numbers(server.sign_many(kind, daemon.endpoint, items(50))) == [*range(50)]
    assert time.monotonic() - began < 5, "they wait together, not one after the other"


@both
def test_tries_are_limited(kind: str, daemon: Daemon) -> None:
    def busy(requests: Any, _: Any) -> Iterator[Any]:
        for message in requests:
            yield answer(
                signing.SignStreamResult(reference=each.reference, error=server.BUSY)
                for each in message.items
            )

    daemon.serve = busy
    assert numbers(server.sign_many(kind, daemon.endpoint, items(2))) == ["OVERLOADED"] * 2
    assert sorted(daemon.items) == [b"0"] * 3 + [b"1"] * 3


def breaks_once(daemon: Daemon, how: Any) -> None:
    """After the first message: answer one item, then end the stream with the others unanswered."""

    def serve(requests: Any, context: Any) -> Iterator[Any]:
        for message in requests:
            if daemon.streams > 1:
                yield answer(map(result, message.items))
                continue
            yield answer([result(message.items[0])])
            time.sleep(0.2)
            how(context)

    daemon.serve = serve


def _without_a_word(context: Any) -> None:
    context.abort(grpc.StatusCode.UNAVAILABLE, "gone")


def _stopping(context: Any) -> None:
    context.abort_with_status(rpc_status.to_status(server.STOPPING))


@both
@pytest.mark.parametrize("how", [_without_a_word, _stopping])
def test_a_broken_stream_is_replaced_and_nothing_is_missing(
    kind: str, how: Any, daemon: Daemon
) -> None:
    breaks_once(daemon, how)
    assert numbers(server.sign_many(kind, daemon.endpoint, items(300))) == [*range(300)]
    assert daemon.streams == 2


@both
def test_an_item_with_an_approval_is_sent_again_only_if_it_was_not_read(
    kind: str, daemon: Daemon
) -> None:
    mixed = [item(0), *(item(each, approval="a") for each in range(1, 5)), item(5)]
    breaks_once(daemon, _stopping)
    assert numbers(server.sign_many(kind, daemon.endpoint, mixed)) == [*range(6)]
    daemon.streams = 0
    breaks_once(daemon, _without_a_word)
    found = server.sign_many(kind, daemon.endpoint, mixed)
    assert "CONNECTION_FAILED" in numbers(found), "whether it was signed is not known"
    with_approval = [number for number in numbers(found)[1:5] if number != "CONNECTION_FAILED"]
    assert with_approval == [each for each in range(1, 5) if numbers(found)[each] == each]
    assert numbers(found)[5] == 5


@both
def test_a_daemon_that_comes_back_is_waited_for(kind: str, daemon: Daemon) -> None:
    def restart() -> None:
        daemon.stop()
        time.sleep(1.5)
        daemon.start()

    restarting = threading.Thread(target=restart)

    def source() -> Iterator[SignItem]:
        for number in range(600):
            if number == 300:
                restarting.start()
            yield item(number)

    assert numbers(server.sign_many(kind, daemon.endpoint, source())) == [*range(600)]
    restarting.join()


@both
def test_a_daemon_that_is_not_there_is_not_waited_for(kind: str, daemon: Daemon) -> None:
    daemon.stop()
    began = time.monotonic()
    found = server.sign_many(kind, daemon.endpoint, items(1000))
    assert numbers(found) == ["CONNECTION_FAILED"] * 1000
    assert time.monotonic() - began < 10


@both
def test_each_item_has_the_clients_timeout(kind: str, daemon: Daemon) -> None:
    def silent(requests: Any, _: Any) -> Iterator[Any]:
        for message in requests:
            yield answer(result(each) for each in message.items if each.request.message != b"1")

    daemon.serve = silent
    first, second, third = server.sign_many(kind, daemon.endpoint, items(3), timeout=0.5)
    assert numbers([first, third]) == [0, 2]
    assert isinstance(second, SignetdError)
    assert second.code is grpc.StatusCode.DEADLINE_EXCEEDED


@both
def test_what_the_source_raises_comes_after_the_results(kind: str, daemon: Daemon) -> None:
    def broken() -> Iterator[SignItem]:
        yield from items(20)
        raise LookupError("the application's own")

    found: list[Any] = []

    async def asynchronously() -> None:
        async with AsyncClient(daemon.endpoint) as client:
            async for one in client.sign_many(broken()):
                found.append(one)

    with pytest.raises(LookupError, match="own"):
        if kind == "aio":
            asyncio.run(asynchronously())
        else:
            with Client(daemon.endpoint) as client:
                found.extend(client.sign_many(broken()))
    assert numbers(found) == [*range(20)]
    daemon.await_no_stream()


@both
def test_closing_early_cancels_and_leaves_no_thread(kind: str, daemon: Daemon) -> None:
    read: list[int] = []

    def endless() -> Iterator[SignItem]:
        for number in count():
            read.append(number)
            yield item(number)

    async def asynchronously() -> None:
        async with AsyncClient(daemon.endpoint) as client:
            async with aclosing(client.sign_many(endless())) as results:
                assert numbers([await anext(results) for _ in range(5)]) == [*range(5)]
            assert [
                task.get_name() for task in asyncio.all_tasks() if "signetd" in task.get_name()
            ] == []

    if kind == "aio":
        asyncio.run(asynchronously())
    else:
        with Client(daemon.endpoint) as client:
            results: Any = client.sign_many(endless())
            assert numbers([next(results) for _ in range(5)]) == [*range(5)]
            results.close()
            daemon.await_no_stream()
            assert [each.name for each in threading.enumerate() if each.name == "signetd"] == []
    daemon.await_no_stream()
    assert len(read) < 5 + 256 + 256, "a window ahead, and no more"


async def test_asyncio_takes_what_comes_late(daemon: Daemon) -> None:
    """A result does not wait for the next item."""
    results: asyncio.Queue[Any] = asyncio.Queue()

    async def one_after_the_other() -> AsyncIterator[SignItem]:
        for number in range(5):
            yield item(number)
            assert numbers([await asyncio.wait_for(results.get(), 10)]) == [number]

    async with AsyncClient(daemon.endpoint) as client:
        async for each in client.sign_many(one_after_the_other()):
            results.put_nowait(each)
    assert results.empty()


@both
def test_an_older_daemon_signs_one_after_the_other(kind: str, daemon: Daemon) -> None:
    daemon.serve = None
    assert numbers(server.sign_many(kind, daemon.endpoint, items(30))) == [*range(30)]
    assert len(daemon.single) == 30


def test_a_window_of_nothing_is_refused(daemon: Daemon) -> None:
    with Client(daemon.endpoint) as client, pytest.raises(InvalidRequest, match="give 1 or more"):
        list(client.sign_many([], window=0))


@both
def test_closing_the_client_ends_it(kind: str, daemon: Daemon) -> None:
    def silent(requests: Any, _: Any) -> Iterator[Any]:
        yield answer([result(next(requests).items[0])])
        for _message in requests:
            continue

    daemon.serve = silent

    async def asynchronously() -> list[Any]:
        client = AsyncClient(daemon.endpoint)
        results = client.sign_many(items(3))
        found = [await anext(results)]
        asyncio.get_running_loop().call_later(0.2, lambda: asyncio.ensure_future(client.close()))
        return found + [one async for one in results]

    if kind == "aio":
        found = asyncio.run(asynchronously())
    else:
        client = Client(daemon.endpoint)
        results: Any = client.sign_many(items(3))
        found = [next(results)]
        closing = threading.Timer(0.2, client.close)
        closing.start()
        found += list(results)
        closing.join()
    assert numbers(found) == [0, "CONNECTION_FAILED", "CONNECTION_FAILED"]
