"""The queue of a token: bounded, fair, without those who have gone."""

import asyncio

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.isolation.queue import MAX_RETRY_SECONDS, FairQueue, Job
from signetd.drivers.types import Requester


def job(client: str) -> Job:
    return Job(wire.ListKeys(), 1.0, Requester(client))


def put(queue: FairQueue, client: str) -> Job:
    made = job(client)
    queue.put(made, 0.5)
    return made


async def test_clients_have_their_turns() -> None:
    queue = FairQueue(100, 100)
    for _ in range(3):
        put(queue, "greedy")
    put(queue, "polite")
    assert [queue.take().requester.client for _ in range(4)] == [
        "greedy",
        "polite",
        "greedy",
        "greedy",
    ]
    assert len(queue) == 0


async def test_one_client_has_a_limit_of_its_own() -> None:
    queue = FairQueue(100, 2)
    put(queue, "a")
    put(queue, "a")
    with pytest.raises(SignetError) as refused:
        put(queue, "a")
    assert refused.value.reason is Reason.TOKEN_BUSY
    assert refused.value.retry_after == 0.5
    put(queue, "b")


async def test_a_full_queue_makes_room_for_who_has_less() -> None:
    queue = FairQueue(4, 4)
    greedy = [put(queue, "greedy") for _ in range(4)]
    polite = put(queue, "polite")
    error = greedy[-1].future.exception()
    assert isinstance(error, SignetError)
    assert error.reason is Reason.TOKEN_BUSY
    assert len(queue) == 4
    assert not polite.future.done()
    with pytest.raises(SignetError):
        put(queue, "greedy")


async def test_who_has_gone_leaves_the_queue() -> None:
    queue = FairQueue(2, 2)
    first = put(queue, "a")
    put(queue, "a")
    first.future.cancel()
    await asyncio.sleep(0)
    assert len(queue) == 1
    put(queue, "a")


async def test_what_is_put_back_is_next() -> None:
    queue = FairQueue(4, 4)
    one, two = put(queue, "a"), put(queue, "b")
    assert queue.take() is one
    queue.put_back(one)
    assert queue.take() is one
    assert queue.take() is two


async def test_the_delay_of_a_refusal_is_bounded() -> None:
    queue = FairQueue(1, 1)
    put(queue, "a")
    with pytest.raises(SignetError) as refused:
        queue.put(job("a"), 3600.0)
    assert refused.value.retry_after == MAX_RETRY_SECONDS


def test_a_slow_token_is_given_few_calls_at_once() -> None:
    fast, slow = Pace(), Pace()
    for _ in range(200):
        fast.took(0.0005, 1)
        slow.took(0.3, 1)
    assert fast.window == 16
    assert slow.window == 2
    assert slow.stall > 1.0, "what is normal for it is no stall"
    assert slow.wait(10, 2) == pytest.approx(1.5, rel=0.1)
