"""Workers that grow old, grow fat, babble, or are given too much; and limits on their processes."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import Requester, SignOrder
from tests.integration.drivers.faulty import Faulty, eventually, ready


async def sign_until_replaced(pool: TokenPool, order: SignOrder) -> int:
    """Sign until another process does it; return how many signatures that took."""
    first = pool.crew.ready[0].pid
    count = 0
    async with asyncio.timeout(20):
        while pool.crew.ready[0].pid == first:
            await pool.sign(order)
            count += 1
    return count


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"recycle_operations": 50}, ""),
        ({"recycle_seconds": 1.0}, ""),
        ({"recycle_growth": 8 << 20}, "C_Sign leak 1000000"),
    ],
    ids=["operations", "age", "growth"],
)
async def test_a_worker_is_recycled_and_no_request_fails(
    options: dict[str, Any], fault: str, faulty: Faulty
) -> None:
    pool, order = await ready(faulty, **options)
    try:
        await asyncio.sleep(0.7)  # a first look at the worker's size
        faulty.faults(*[fault] if fault else [])
        done = asyncio.Event()

        async def load() -> None:
            while not done.is_set():
                await pool.sign(order)

        others = [asyncio.create_task(load()) for _ in range(4)]
        assert await sign_until_replaced(pool, order)
        faulty.faults()
        done.set()
        await asyncio.gather(*others)
        changed = [t for t in faulty.transitions if t.after.state is TokenState.DEGRADED]
        assert not changed, "a worker was missing meanwhile"
    finally:
        await pool.close()


async def test_a_worker_has_the_limits_that_are_configured(faulty: Faulty) -> None:
    faulty.settings = msgspec.structs.replace(faulty.settings, memory_limit=256 << 20)
    pool, order = await ready(faulty)
    try:
        limits = Path(f"/proc/{pool.crew.ready[0].pid}/limits").read_text()  # noqa: ASYNC240
        assert f"Max data size             {256 << 20}" in limits
        assert "Max core file size        0" in limits
        assert await pool.sign(order)
    finally:
        await pool.close()


# Of ever smaller pieces, so that at last nothing is left for anybody in the process.
LEAK = [f"C_Sign leak {size}" for size in (8 << 20, 1 << 20, 1 << 17, 1 << 14, 1 << 11, *[64] * 8)]


async def test_a_leak_beyond_the_limit_costs_one_worker(faulty: Faulty) -> None:
    faulty.settings = msgspec.structs.replace(faulty.settings, memory_limit=192 << 20)
    pool, order = await ready(faulty, workers=2, recycle_growth=0)
    try:
        # One request at a time goes to the first of the workers, and only that one leaks.
        leaking, other = pool.crew.ready[0], pool.crew.ready[1]
        faulty.faults(*LEAK)
        failed: list[SignetError] = []
        most = 0
        async with asyncio.timeout(60):
            while leaking.alive:
                most = max(most, leaking.resident_bytes())
                try:
                    await pool.sign(order)
                except SignetError as error:
                    failed.append(error)
        faulty.faults()
        mebibytes = most >> 20  # with the code of libraries, which is not limited
        assert 128 < mebibytes < 256, f"it had {mebibytes} MiB, which is not the limit of 192"
        reasons = {error.reason for error in failed}
        assert len(failed) <= 2, f"more than one request and its retry: {failed}"
        assert reasons <= {Reason.WORKER_LOST, Reason.TOKEN_FAILED, Reason.INTERNAL}, failed
        assert other.alive, "the other worker ended too"
        assert await pool.sign(order)
        await eventually(lambda: pool.crew.ready.get(0) not in (None, leaking))
        assert pool.crew.ready[1] is other, "the other worker was replaced too"
        assert pool.status.state is TokenState.READY
    finally:
        await pool.close()


async def test_a_module_that_prints_its_pin(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    pin = faulty.pin.reveal()
    faulty.faults(f"C_Login stderr the PIN is {pin}")
    with caplog.at_level(logging.INFO):
        pool, order = await ready(faulty)
        await pool.sign(order)
        await pool.close()
    assert "the PIN is [PIN]" in caplog.text
    assert pin not in caplog.text


async def test_a_request_that_waited_too_long_is_not_sent(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Sign delay 500 times=1")
        slow = asyncio.create_task(pool.sign(order))
        await asyncio.sleep(0.1)
        before = faulty.count("C_SignInit")
        loop = asyncio.get_running_loop()
        late = [pool.sign(order, Requester("a", loop.time() + 0.2)) for _ in range(40)]
        results = await asyncio.gather(*late, return_exceptions=True)
        assert {e.reason for e in results if isinstance(e, SignetError)} == {Reason.DEADLINE_PASSED}
        assert len([e for e in results if isinstance(e, SignetError)]) == 40
        await slow
        await pool.sign(order)
        assert faulty.count("C_SignInit") == before + 1
    finally:
        await pool.close()


async def test_overload_is_refused_at_once_and_shared_fairly(faulty: Faulty) -> None:
    pool, order = await ready(faulty, queue=40, queue_per_client=30)
    try:
        faulty.faults("C_Sign delay 5")
        greedy = [asyncio.create_task(pool.sign(order, Requester("greedy"))) for _ in range(200)]
        await asyncio.sleep(0.02)
        polite = await asyncio.gather(*(pool.sign(order, Requester(f"{i}")) for i in range(10)))
        assert all(polite)
        results = await asyncio.gather(*greedy, return_exceptions=True)
        refused = [e for e in results if isinstance(e, SignetError)]
        assert {e.reason for e in refused} == {Reason.TOKEN_BUSY}
        assert all(e.retry_after and 0 < e.retry_after <= 5 for e in refused)
        assert 150 <= len(refused) < 200
        await eventually(lambda: pool.workers_ready == 1)
    finally:
        await pool.close()


async def test_a_worker_is_kept_when_its_successor_cannot_log_in(faulty: Faulty) -> None:
    """As after the PIN was changed with the vendor's tool: what is logged in serves on."""
    pool, order = await ready(faulty, recycle_operations=20)
    try:
        pid = pool.crew.ready[0].pid
        logins = faulty.count("C_Login")
        faulty.faults("C_Login error 0xA0")
        for _ in range(30):
            await pool.sign(order)
        await eventually(lambda: faulty.count("C_Login") > logins)
        await asyncio.sleep(1.0)
        assert faulty.count("C_Login") == logins + 1, "the refused PIN was presented again"
        assert pool.crew.ready[0].pid == pid
        assert await pool.sign(order)
        assert faulty.guard.known, "the refusal is not written down"
    finally:
        await pool.close()


async def test_locking_ends_a_worker_that_is_being_recovered_too(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        worker = pool.crew.ready[0]
        faulty.faults("C_Sign error 0xB3", "C_OpenSession delay 600")
        signing = asyncio.create_task(pool.sign(order))
        await eventually(lambda: not pool.crew.ready)
        await pool.lock()
        assert not worker.alive
        assert pool.status.state is TokenState.LOCKED
        with pytest.raises(SignetError):
            await signing
    finally:
        await pool.close()
