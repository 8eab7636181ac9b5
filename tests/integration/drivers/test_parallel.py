"""Tokens and workers beside each other: none waits for another, and a batch starves nobody."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import Requester, SignOrder
from tests.integration.drivers.faulty import Faulty, ready

Made = tuple[Faulty, TokenPool, SignOrder]


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Make tokens, each with a pool of its own."""
    async with AsyncExitStack() as stack:

        async def one(name: str, workers: int = 1, **options: Any) -> Made:
            faulty = Faulty(tmp_path / name)
            pool, order = await ready(faulty, workers, request_timeout=5.0, **options)
            stack.push_async_callback(pool.close)
            await asyncio.gather(*(pool.sign(order) for _ in range(30)))  # its pace is known
            return faulty, pool, order

        yield one


async def seconds_of(pool: TokenPool, order: SignOrder, client: str = "") -> float:
    began = time.monotonic()
    await pool.sign(order, Requester(client))
    return time.monotonic() - began


async def singles(
    pool: TokenPool, order: SignOrder, until: asyncio.Future[Any], client: str
) -> list[float]:
    """Sign one after the other until something else is done; return how long each took."""
    took = []
    while not until.done():
        took.append(await seconds_of(pool, order, client))
    return took


async def test_a_slow_token_delays_no_other(make: Callable[..., Any]) -> None:
    slow_faults, slow, slow_order = await make("slow")
    _, fast, order = await make("fast")
    alone = [await seconds_of(fast, order) for _ in range(100)]
    slow_faults.faults("C_Sign delay 50")
    waiting = asyncio.gather(
        slow.sign_many([slow_order] * 40), *(slow.sign(slow_order) for _ in range(20))
    )
    beside = await singles(fast, order, waiting, "")
    batch, *_ = await waiting
    assert all(isinstance(each, bytes) for each in batch)
    assert len(beside) > 100, "the slow one took 3 s, in which the fast one signs hundreds"
    assert statistics.median(beside) < max(0.01, 5 * statistics.median(alone))


@pytest.mark.parametrize("many", [False, True])
async def test_work_goes_to_the_shortest_queue(make: Callable[..., Any], many: bool) -> None:
    """One of two workers has six slow operations before it: the other gets what comes next."""
    faulty, pool, order = await make("token", workers=2)
    busy, free = pool.crew.ready[1], pool.crew.ready.pop(0)
    faulty.faults("C_Sign delay 100")
    before = [asyncio.ensure_future(pool.sign(order)) for _ in range(6)]
    await asyncio.sleep(0.03)  # the first of them waits in the token
    faulty.faults()
    pool.crew.ready[0] = free
    had = busy.signatures, free.signatures
    if many:
        assert all(isinstance(each, bytes) for each in await pool.sign_many([order] * 60))
    else:
        await asyncio.gather(*(pool.sign(order) for _ in range(6)))
    given = free.signatures - had[1]
    await asyncio.gather(*before)
    assert given > (30 if many else 5), f"only {given} went to the worker that had nothing to do"


@pytest.mark.parametrize("delay", [0, 3])
@pytest.mark.parametrize("client", ["batch", "other"])
async def test_a_batch_starves_no_single_request(
    make: Callable[..., Any], client: str, delay: int
) -> None:
    """Neither those of another client nor those of the same one wait for more than some chunks."""
    faulty, pool, order = await make("token", workers=2)
    if delay:
        faulty.faults(f"C_Sign delay {delay}")
        await asyncio.gather(*(pool.sign(order) for _ in range(100)))
    orders = [msgspec.structs.replace(order, data=n.to_bytes(32)) for n in range(1000)]
    batch = asyncio.ensure_future(pool.sign_many(orders, Requester("batch")))
    await asyncio.sleep(0.02)
    took = await singles(pool, order, batch, client)
    assert all(isinstance(each, bytes) for each in await batch)
    # It waits for what the workers have, two chunks each, and for one chunk that was before it.
    limit = 4 * pool.crew.pace.chunk * pool.crew.pace.seconds
    assert len(took) >= 5, "it waited for the end of the batch"
    assert statistics.median(took) < max(limit, 0.02), (statistics.median(took), limit)


async def test_two_clients_have_the_same_share_whatever_they_ask_at_once(
    make: Callable[..., Any],
) -> None:
    """One asks for many, the other for one at a time, 32 times at once."""
    faulty, pool, order = await make("token", workers=2)
    faulty.faults("C_Sign delay 2")
    await asyncio.gather(*(pool.sign(order) for _ in range(100)))
    batch = asyncio.ensure_future(pool.sign_many([order] * 800, Requester("batch")))
    await asyncio.sleep(0.02)
    each = await asyncio.gather(*(singles(pool, order, batch, "other") for _ in range(32)))
    served = sum(len(took) for took in each)
    assert 400 < served < 1600, f"{served} single ones, while the other had 800"
