"""Streams of items: what is under way is bounded, in number, memory and time, whoever dawdles."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from google.rpc import error_details_pb2
from grpc import StatusCode, aio

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.rpc import transport
from signetd.daemon.rpc.item_stream import MAX_ITEMS, WINDOW
from tests.unit.daemon.rpc.conftest import Caller, Serve, Service, refusal_of

AT_DESK = 128
WAIT = b"wait"


def items(first: int, number: int, message: bytes = b"", key: str = "seal") -> Any:
    request = messages.SignRequest(key=f"keys/{key}", message=message)
    return messages.SignStreamRequest(
        items=[
            messages.SignStreamItem(reference=n, request=request)
            for n in range(first, first + number)
        ]
    )


class Open:
    """An open stream."""

    def __init__(self, caller: Caller) -> None:
        method: Any = caller.channel.stream_stream(
            "/signetd.api.v1.SigningService/SignStream",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=messages.SignStreamResponse.FromString,
        )
        self.call = method(timeout=30)

    async def send(self, request: messages.SignStreamRequest) -> None:
        await self.call.write(request)

    async def results(self, number: int) -> dict[int, str]:
        """Read so many results; return "OK" or the reason of each."""
        found: dict[int, str] = {}
        while len(found) < number:
            async with asyncio.timeout(10):
                answer = await self.call.read()
            assert answer is not aio.EOF, f"{len(found)} results, and not {number}"
            found |= {each.reference: reason(each) for each in answer.results}
        return found

    async def end(self) -> None:
        """End the client's side, and see that the stream ends well."""
        await self.call.done_writing()
        assert await self.call.read() is aio.EOF
        assert await self.call.code() is StatusCode.OK


def reason(result: messages.SignStreamResult) -> str:
    if result.HasField("response"):
        return "OK"
    info = error_details_pb2.ErrorInfo()
    assert result.error.details[0].Unpack(info)
    return str(info.reason)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # there is nothing that could tell
            await asyncio.sleep(0.01)


def held(service: Service) -> int:
    """The memory that requests hold."""
    return service.dispatcher._admission._bytes.taken("both")


@pytest.fixture
async def stream(both: Caller) -> AsyncIterator[Open]:
    opened = Open(both)
    yield opened
    opened.call.cancel()


async def test_no_more_than_the_window_is_read_and_a_part_of_it_is_at_the_desk(
    service: Service, stream: Open
) -> None:
    async def send() -> None:
        for first in range(0, 2000, MAX_ITEMS):
            await stream.send(items(first, MAX_ITEMS, WAIT))

    sending = asyncio.create_task(send())
    await until(lambda: len(service.engine.asked) == AT_DESK)
    await asyncio.sleep(0.2)
    assert len(service.engine.asked) == AT_DESK
    assert held(service) / (4 << 10) < WINDOW + MAX_ITEMS + 10
    service.engine.released.set()
    assert await stream.results(2000) == dict.fromkeys(range(2000), "OK")
    await sending
    await stream.end()
    await until(lambda: held(service) == 0)


async def test_a_key_whose_token_is_slow_holds_up_no_other(service: Service, stream: Open) -> None:
    await stream.send(items(0, 10, WAIT, "slow"))
    await until(lambda: len(service.engine.asked) == 10)
    await stream.send(items(100, 50, b"", "quick"))
    assert await stream.results(50) == dict.fromkeys(range(100, 150), "OK")
    service.engine.released.set()
    assert await stream.results(10) == dict.fromkeys(range(10), "OK")


async def test_what_comes_while_the_desk_is_busy_goes_there_together(
    service: Service, stream: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = service.streams._desk
    sizes: list[int] = []
    sign_many = desk.sign_many

    async def counted(requests: Any, asker: Any) -> Any:
        sizes.append(len(requests))
        return await sign_many(requests, asker)

    monkeypatch.setattr(desk, "sign_many", counted)
    for n in range(30):
        await stream.send(items(n, 1, WAIT))
    await until(lambda: held(service) > 30 * (4 << 10))
    service.engine.released.set()
    await stream.results(30)
    assert sum(sizes) == 30
    assert len(sizes) < 15, "items were handed over one by one"


async def test_a_client_that_does_not_read_is_read_from_no_more_and_sent_away(
    service: Service, stream: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_TAKE_SECONDS", 0.5)
    monkeypatch.setattr(transport, "_ABORT_SECONDS", 0.5)
    large = b"x" * 1000  # which the fake's signatures repeat

    async def send() -> None:
        for first in range(0, 10**6, 50):
            await stream.send(items(first, 50, large))

    sending = asyncio.create_task(send())
    await until(lambda: service.streams._shares.taken("both") == 1)
    await until(lambda: service.streams._shares.taken("both") == 0)
    assert held(service) == 0
    assert len(service.engine.asked) < 50_000, "the daemon went on reading"
    sending.cancel()


async def test_an_item_without_an_answer_in_time_fails_alone(serve: Serve) -> None:
    service, caller = await serve(default_deadline=0.3)
    stream = Open(caller)
    await stream.send(items(0, 3, WAIT, "slow"))
    await stream.send(items(10, 3))
    assert await stream.results(6) == {
        **dict.fromkeys(range(3), "DEADLINE_PASSED"),
        **dict.fromkeys(range(10, 13), "OK"),
    }
    assert service.engine.given_up == 3
    assert all(each.deadline for each in service.engine.requesters)
    await stream.send(items(0, 1))
    assert await stream.results(1) == {0: "OK"}
    await stream.end()


async def test_what_nobody_foresaw_fails_its_item(stream: Open) -> None:
    await stream.send(items(1, 1, b"crash"))
    await stream.send(items(2, 1))
    await stream.send(items(3, 1, b"", "locked"))
    assert await stream.results(3) == {1: "INTERNAL", 2: "OK", 3: "TOKEN_LOCKED"}
    await stream.end()


async def test_memory_is_waited_for_by_who_holds_it_and_refused_to_others(serve: Serve) -> None:
    service, caller = await serve(request_mebibytes=16)
    first, second = Open(caller), Open(caller)
    large = WAIT.ljust(1 << 20)
    service.engine.waits_for = large
    for each in (0, 4):
        await first.send(items(each, 4, large))
    await until(lambda: len(service.engine.asked) == 8)
    more = asyncio.create_task(first.send(items(8, 4, large)))
    await asyncio.sleep(0.2)
    assert len(service.engine.asked) == 8, "more was taken than there is room for"
    await second.send(items(100, 4, large))
    assert await second.results(4) == dict.fromkeys(range(100, 104), "OVERLOADED")
    service.engine.released.set()
    assert await first.results(12) == dict.fromkeys(range(12), "OK")
    await more
    await second.send(items(100, 4, large))
    assert await second.results(4) == dict.fromkeys(range(100, 104), "OK")
    await first.end()
    await second.end()
    await until(lambda: held(service) == 0)


async def test_a_client_that_goes_gives_everything_back(service: Service, both: Caller) -> None:
    streams = [Open(both) for _ in range(3)]
    for each in streams:
        await each.send(items(0, 10, WAIT))
    await until(lambda: len(service.engine.asked) == 30)
    for each in streams:
        each.call.cancel()
    await until(lambda: service.engine.given_up == 30)
    await until(lambda: held(service) == 0)
    assert service.streams._shares.taken("both") == 0


async def test_a_stop_lets_nobody_in_and_reads_no_more(service: Service, both: Caller) -> None:
    stream = Open(both)
    await stream.send(items(0, 3, WAIT))
    await until(lambda: len(service.engine.asked) == 3)
    service.streams.close()
    await stream.send(items(10, 3))
    service.engine.released.set()
    assert await stream.results(3) == dict.fromkeys(range(3), "OK")
    for each in (stream, Open(both)):
        with pytest.raises(aio.AioRpcError) as ended:
            while await each.call.read() is not aio.EOF:
                pass
        assert refusal_of(ended.value).reason == "SHUTTING_DOWN"
    assert len(service.engine.asked) == 3
