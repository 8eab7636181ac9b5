"""The audit's thread: one thing after the other, whatever becomes of who asked."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from signetd.daemon.audit.thread import OneThread


@pytest.fixture
def thread() -> Iterator[OneThread]:
    made = OneThread("one")
    yield made
    made.close()


async def test_results_come_back_and_errors_too(thread: OneThread) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    assert await thread.do(lambda: threading.current_thread().name) == "one"
    with pytest.raises(ZeroDivisionError):
        await thread.do(fail)
    assert await thread.do(lambda: 1) == 1


async def test_it_does_one_thing_after_the_other(thread: OneThread) -> None:
    seen: list[int] = []
    await asyncio.gather(*(thread.do(lambda n=n: seen.append(n)) for n in range(100)))  # type: ignore[misc]  # a default
    assert seen == list(range(100))


async def test_what_nobody_waits_for_any_more_is_done_all_the_same(thread: OneThread) -> None:
    go, done = threading.Event(), threading.Event()
    asked = asyncio.create_task(thread.do(lambda: go.wait(10)))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    later = asyncio.create_task(thread.do(done.set))
    go.set()
    await later
    assert done.is_set()


async def test_closing_waits_for_what_was_given() -> None:
    thread, seen = OneThread("one"), list[int]()
    asked = asyncio.create_task(thread.do(lambda: seen.append(1)))
    await asyncio.sleep(0)
    thread.close()
    assert seen == [1]
    await asked


def test_one_that_was_never_used_is_closed_at_once() -> None:
    OneThread("one").close()
