"""Verifications are few at a time, fairly shared, and do not outlive their limits."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from signetd.daemon.trust.threads import MOST, MOST_OF_ONE, THREADS, VerifyThreads
from signetd.drivers.errors import Reason, SignetError


class Gate:
    """Work that waits for a test; `begun` counts."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = 0

    def __call__(self) -> int:
        self.begun += 1
        assert self.open.wait(30), "the test has not opened the gate"
        return self.begun


@pytest.fixture
async def threads() -> AsyncIterator[VerifyThreads]:
    made = VerifyThreads()
    yield made
    await made.close()


async def begun(threads: VerifyThreads, gate: Gate, clients: list[str]) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(threads.run(gate, each)) for each in clients]
    await asyncio.sleep(0)
    return tasks


async def refused(threads: VerifyThreads, client: str) -> SignetError:
    with pytest.raises(SignetError) as caught:
        await threads.run(lambda: None, client)
    return caught.value


async def test_one_client_leaves_room_for_others(threads: VerifyThreads) -> None:
    gate = Gate()
    tasks = await begun(threads, gate, ["greedy"] * MOST_OF_ONE)
    error = await refused(threads, "greedy")
    assert error.reason is Reason.OVERLOADED and error.retry_after
    other = await begun(threads, gate, ["modest"])
    gate.open.set()
    await asyncio.gather(*tasks, *other)
    assert await threads.run(lambda: 7, "greedy") == 7


async def test_all_together_have_a_limit(threads: VerifyThreads) -> None:
    gate = Gate()
    tasks = await begun(threads, gate, [f"client-{number % 8}" for number in range(MOST)])
    assert (await refused(threads, "newcomer")).reason is Reason.OVERLOADED
    gate.open.set()
    await asyncio.gather(*tasks)
    assert await threads.run(lambda: 7, "newcomer") == 7


async def test_nobody_waits_for_work_whose_caller_has_gone(threads: VerifyThreads) -> None:
    gate = Gate()
    tasks = await begun(threads, gate, ["client"] * MOST_OF_ONE)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    gate.open.set()
    # Behind all of them in the queue: by then what had not begun would have.
    assert await threads.run(lambda: 7, "another") == 7
    assert gate.begun <= THREADS


async def test_what_work_raises_is_raised_and_forgotten(threads: VerifyThreads) -> None:
    def fail() -> None:
        raise SignetError(Reason.TRUST_UNUSABLE, "no")

    for _ in range(MOST_OF_ONE * 2):
        with pytest.raises(SignetError, match="no"):
            await threads.run(fail, "client")


async def test_nothing_begins_after_the_end() -> None:
    threads = VerifyThreads()
    await threads.close()
    assert (await refused(threads, "client")).reason is Reason.SHUTTING_DOWN
