"""Processes that a vendor's library starts beside its worker: they hold up nothing."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvloop

from signetd.drivers.errors import Reason
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.types import SignOrder
from tests.chaos.processes import descendants
from tests.integration.drivers.faulty import Faulty, eventually, ready, refused

PROMPT = 0.75  # seconds in which a worker is replaced; the longest wait for a helper was a second
ACTIONS = ["helper", "daemon"]  # in the worker's process group, and in a session of its own


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def is_there(pid: int) -> bool:
    """Whether there is a process, be it a zombie."""
    return Path(f"/proc/{pid}").exists()


@contextmanager
def ended_afterwards(pid: int) -> Iterator[None]:
    try:
        yield
    finally:
        if is_there(pid):
            os.kill(pid, signal.SIGKILL)


async def helper_of(pool: TokenPool, order: SignOrder, faulty: Faulty, action: str) -> int:
    """Have the worker's module start a process with all its descriptors; return its PID."""
    faulty.faults(f"C_Sign {action} 60 times=1")
    assert await pool.sign(order)
    faulty.faults()
    (helper,) = descendants(pool.crew.ready[0].pid)
    return helper.pid


async def replaced(pool: TokenPool, pid: int) -> float:
    """Wait for another worker in the place of this one; return the seconds that took."""
    began = time.monotonic()
    await eventually(lambda: 0 in pool.crew.ready and pool.crew.ready[0].pid != pid)
    return time.monotonic() - began


async def end_a_worker_with_a_helper(action: str, faulty: Faulty) -> None:
    pool, order = await ready(faulty, request_timeout=10.0)
    try:
        before, worker = descriptors(), pool.crew.ready[0].pid
        with ended_afterwards(await helper_of(pool, order, faulty, action)):
            began = time.monotonic()
            os.kill(worker, signal.SIGKILL)
            seconds = await replaced(pool, worker)
            assert seconds < PROMPT, f"replaced after {seconds:.2f} s: the helper was waited for"
            assert await pool.sign(order)
            assert time.monotonic() - began < PROMPT
            assert not is_there(worker), "the worker stays as a zombie"
            assert descriptors() == before, "descriptors of the worker that ended are left"
    finally:
        await pool.close()


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_worker_that_ends_is_replaced_at_once(action: str, faulty: Faulty) -> None:
    await end_a_worker_with_a_helper(action, faulty)


def test_it_is_in_the_event_loop_of_the_daemon_too(faulty: Faulty) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(end_a_worker_with_a_helper("daemon", faulty))


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_crash_is_noticed_though_a_helper_holds_the_socket(
    action: str, faulty: Faulty
) -> None:
    pool, order = await ready(faulty, request_timeout=10.0)
    try:
        with ended_afterwards(await helper_of(pool, order, faulty, action)):
            worker = pool.crew.ready[0].pid
            faulty.faults("C_Sign crash times=1")
            began = time.monotonic()
            error = await refused(pool, order)
            assert error.reason is Reason.WORKER_LOST, error
            faulty.faults()
            await replaced(pool, worker)
            seconds = time.monotonic() - began
            assert seconds < PROMPT, f"noticed and replaced after {seconds:.2f} s"
    finally:
        await pool.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGABRT])
async def test_a_helper_ends_with_its_worker(how: signal.Signals, faulty: Faulty) -> None:
    """Each crash would else leave one; what must live longer has a session of its own."""
    pool, order = await ready(faulty)
    try:
        helper = await helper_of(pool, order, faulty, "helper")
        with ended_afterwards(helper):
            worker = pool.crew.ready[0].pid
            os.kill(worker, how)
            await replaced(pool, worker)
            await eventually(lambda: not is_there(helper))
    finally:
        await pool.close()


@pytest.mark.parametrize("action", ACTIONS)
async def test_closing_waits_for_no_helper(action: str, faulty: Faulty) -> None:
    before = descriptors()
    pool, order = await ready(faulty)
    worker = pool.crew.ready[0].pid
    with ended_afterwards(await helper_of(pool, order, faulty, action)):
        began = time.monotonic()
        await pool.close()
        seconds = time.monotonic() - began
        assert seconds < PROMPT, f"closing took {seconds:.2f} s"
        assert not is_there(worker), "the worker stays as a zombie"
        await asyncio.sleep(0)  # transports close their descriptors in the loop's next turn
        assert descriptors() <= before, "descriptors of the pool are left"


async def test_what_a_worker_said_last_is_logged_though_a_helper_holds_the_pipe(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    pool, order = await ready(faulty)
    try:
        with ended_afterwards(await helper_of(pool, order, faulty, "daemon")):
            worker = pool.crew.ready[0].pid
            faulty.faults("C_Sign stderr these are its last words times=1", "C_Sign crash")
            await refused(pool, order)
            faulty.faults()
            await replaced(pool, worker)
            assert "printed: these are its last words" in caplog.text
    finally:
        await pool.close()
