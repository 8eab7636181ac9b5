"""Watching tokens: what is told, to whom, and how a watch ends."""

import asyncio
from typing import Any

import pytest
from grpc import StatusCode

from signetd.api.v1 import resources_pb2
from signetd.api.v1.token_service_pb2 import WatchTokensRequest, WatchTokensResponse
from signetd.daemon.rpc.feed import QUEUE
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.watching import Watchers
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState

LOCKED, READY, ABSENT = (
    resources_pb2.TOKEN_STATE_LOCKED,
    resources_pb2.TOKEN_STATE_READY,
    resources_pb2.TOKEN_STATE_ABSENT,
)
Fact = tuple[str, int, int, str]


def fact(change: WatchTokensResponse) -> Fact:
    token = change.token
    return token.name, change.previous_state, token.state, token.state_reason


async def read(watch: Any) -> Fact:
    return fact(await asyncio.wait_for(watch.read(), 10))


async def ended(watch: Any) -> tuple[StatusCode, str]:
    return await asyncio.wait_for(watch.code(), 10), await watch.details()


async def test_first_all_tokens_as_they_are_then_every_change(serve: Any) -> None:
    service, caller = await serve()
    watch = caller.watch()
    first = [await read(watch) for _ in range(3)]
    assert first == [(f"tokens/{name}", 0, LOCKED, "no PIN") for name in ("t1", "t2", "t3")]
    service.watchers.publish(service.tokens["t2"].turn(TokenState.READY, "not shown"))
    service.watchers.publish(service.tokens["t2"].turn(TokenState.ABSENT, "pulled out"))
    assert await read(watch) == ("tokens/t2", LOCKED, READY, "")
    assert await read(watch) == ("tokens/t2", READY, ABSENT, "pulled out")


async def test_the_token_comes_as_of_the_change_and_not_as_of_the_reading(serve: Any) -> None:
    service, caller = await serve()
    watch = caller.watch("tokens/t1")
    await read(watch)
    token = service.tokens["t1"]
    change = token.turn(TokenState.READY)
    token.workers_ready = 2
    service.watchers.publish(change)
    token.status, token.workers_ready, token.info = change.before, 0, None
    told = await asyncio.wait_for(watch.read(), 10)
    assert (told.token.state, told.token.workers_ready) == (READY, 2)
    assert told.token.serial == "serial"
    assert told.change_time.ToDatetime().isoformat() == "2026-01-02T03:04:05"
    assert told.token.state_time == told.change_time


async def test_only_the_tokens_that_were_named(serve: Any) -> None:
    service, caller = await serve()
    watch = caller.watch("tokens/t3", "tokens/t1", "tokens/t3")
    assert [(await read(watch))[0] for _ in range(2)] == ["tokens/t1", "tokens/t3"]
    for name in ("t2", "t3"):
        service.watchers.publish(service.tokens[name].turn(TokenState.READY))
    assert (await read(watch))[0] == "tokens/t3"


@pytest.mark.parametrize(
    ("names", "code", "reason"),
    [
        (["tokens/none"], StatusCode.NOT_FOUND, "TOKEN_NOT_FOUND"),
        (["t1"], StatusCode.INVALID_ARGUMENT, "INPUT_INVALID"),
        (["tokens/t1"] * 1001, StatusCode.INVALID_ARGUMENT, "INPUT_INVALID"),
    ],
)
async def test_names_that_cannot_be_watched(
    serve: Any, names: list[str], code: StatusCode, reason: str
) -> None:
    _, caller = await serve()
    request = WatchTokensRequest(names=names)
    refused = await caller.refusal("TokenService/WatchTokens", request)
    assert (refused.code, refused.reason) == (code, reason)


async def test_when_the_daemon_stops_a_watch_ends_at_once(serve: Any) -> None:
    service, caller = await serve()
    watch = caller.watch()
    for _ in range(3):
        await read(watch)
    service.watchers.close()
    assert (await ended(watch))[0] is StatusCode.UNAVAILABLE
    await asyncio.wait_for(service.dispatcher.quiet(0), 10)
    refused = await caller.refusal("TokenService/WatchTokens", b"")
    assert (refused.reason, refused.metadata["retryable"]) == ("SHUTTING_DOWN", "true")


async def test_a_watcher_that_goes_away_is_forgotten(serve: Any) -> None:
    service, caller = await serve(watchers=1)
    watch = caller.watch()
    await read(watch)
    refused = await caller.refusal("TokenService/WatchTokens", b"")
    assert (refused.code, refused.reason) == (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
    assert (refused.metadata["limit"], refused.retry_after) == ("watchers", 5.0)
    watch.cancel()
    await asyncio.wait_for(service.dispatcher.quiet(0), 10)
    assert await read(caller.watch())


async def test_watches_do_not_take_the_places_of_calls(serve: Any) -> None:
    _, caller = await serve(calls_per_client=1)
    watches = []
    for _ in range(3):  # one after the other, since each is a call until it is read
        watches.append(caller.watch())
        await read(watches[-1])
    await caller.raw("/signetd.api.v1.TokenService/ListTokens", b"")


def hub(service: Any) -> Watchers:
    return Watchers(service.tokens, TokenMessages(dict.fromkeys(service.tokens, "p")), 8)


async def test_one_that_lags_behind_is_told_to_begin_again(service: Any) -> None:
    watchers = hub(service)
    slow, quick = watchers.watch("a", {"t1"}), watchers.watch("b", {"t1"})
    await anext(slow)
    await anext(quick)
    token = service.tokens["t1"]
    for _ in range(QUEUE // 2 + 1):
        watchers.publish(token.turn(TokenState.READY))
        watchers.publish(token.turn(TokenState.LOCKED, "again"))
        assert (await anext(quick)).token.state == READY
        assert (await anext(quick)).token.state == LOCKED
    with pytest.raises(SignetError, match="begin the watch again") as caught:
        await anext(slow)
    assert (caught.value.reason, caught.value.retryable) == (Reason.OVERLOADED, True)
    again = watchers.watch("a", {"t1"})
    assert (await anext(again)).token.state_reason == "again"


async def test_nothing_is_missed_between_the_first_state_and_the_changes(service: Any) -> None:
    watchers = hub(service)
    watch = watchers.watch("a", {"t1", "t2"})
    assert fact(await anext(watch))[0] == "tokens/t1"
    watchers.publish(service.tokens["t2"].turn(TokenState.READY))
    assert fact(await anext(watch)) == ("tokens/t2", 0, LOCKED, "no PIN")
    assert fact(await anext(watch)) == ("tokens/t2", LOCKED, READY, "")


async def test_publishing_for_nobody_costs_nothing(service: Any) -> None:
    hub(service).publish(service.tokens["t1"].turn(TokenState.READY))
