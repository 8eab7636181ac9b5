"""A token that hangs, crashes, lies or answers with errors: what it costs, and that it passes."""

import asyncio
import time

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import Pin
from tests.integration.drivers.faulty import Faulty, eventually, ready, refused


@pytest.mark.parametrize(
    ("rule", "reason", "ckr"),
    [
        ("C_Sign hang", Reason.TOKEN_TIMEOUT, ""),
        ("C_Sign crash", Reason.WORKER_LOST, ""),
        ("C_Sign segv", Reason.WORKER_LOST, ""),
        ("C_Sign exit 0", Reason.WORKER_LOST, ""),
        ("C_Sign flip", Reason.SIGNATURE_FAULTY, ""),
        ("C_SignInit error 0x30", Reason.TOKEN_FAILED, "CKR_DEVICE_ERROR"),
        ("C_Sign error 0x5", Reason.TOKEN_FAILED, "CKR_GENERAL_ERROR"),
        ("C_Sign error 0x32", Reason.TOKEN_ABSENT, "CKR_DEVICE_REMOVED"),
        ("C_SignInit error 0xB3", Reason.TOKEN_FAILED, "CKR_SESSION_HANDLE_INVALID"),
        ("C_Sign error 0x80001234", Reason.TOKEN_FAILED, "CKR_0x80001234"),
    ],
)
async def test_a_fault_costs_one_call_and_passes(
    rule: str, reason: Reason, ckr: str, faulty: Faulty
) -> None:
    pool, order = await ready(faulty)
    try:
        await pool.sign(order)
        faulty.faults(rule)
        error = await refused(pool, order)
        assert (error.reason, error.ckr) == (reason, ckr), error
        faulty.faults()
        began = time.monotonic()
        await pool.sign(order)
        assert time.monotonic() - began < 1.0
    finally:
        await pool.close()


async def test_the_others_serve_on_while_one_worker_hangs(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        await asyncio.gather(*(pool.sign(order) for _ in range(8)))
        faulty.faults("C_Sign hang times=1")
        hung = asyncio.ensure_future(pool.sign(order))
        await asyncio.sleep(0.1)
        faulty.faults()
        # Some are behind the one that hangs; the other worker takes them over.
        await asyncio.gather(*(pool.sign(order) for _ in range(32)))
        with pytest.raises(SignetError) as caught:
            await hung
        assert caught.value.reason is Reason.TOKEN_TIMEOUT
    finally:
        await pool.close()


async def test_a_refused_pin_is_counted_once_by_the_token(faulty: Faulty) -> None:
    pool = faulty.pool(workers=3)
    await pool.start()
    try:
        with pytest.raises(SignetError):
            await pool.unlock(Pin("not the pin"))
        await asyncio.sleep(0.5)  # time enough for a wrong retry
        assert faulty.count("C_Login") == 1
        await pool.unlock(faulty.pin)
        assert faulty.count("C_Login") >= 2
    finally:
        await pool.close()


async def test_a_caller_who_left_is_not_served(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Sign delay 200 times=1")
        first = asyncio.ensure_future(pool.sign(order))
        await asyncio.sleep(0.05)
        waiting = [asyncio.ensure_future(pool.sign(order)) for _ in range(30)]
        await asyncio.sleep(0.01)
        before = faulty.count("C_SignInit")
        for task in waiting:
            task.cancel()
        await first
        await pool.sign(order)
        # What the worker had been given already (its window) is signed, the rest is not.
        assert faulty.count("C_SignInit") - before <= 16 + 1
    finally:
        await pool.close()


async def test_a_module_that_crashes_at_load_is_a_failed_token(faulty: Faulty) -> None:
    faulty.faults("C_Initialize crash")
    pool = faulty.pool()
    await pool.start()
    try:
        assert pool.status.state is TokenState.FAILED
        assert "SIGABRT" in pool.status.reason
        await asyncio.sleep(3)
        assert faulty.count("C_Initialize") <= 7, "starting it again and again is a loop"
        faulty.faults()
        await eventually(lambda: pool.status.state.value == "LOCKED")
        await pool.unlock(faulty.pin)
    finally:
        await pool.close()


async def test_a_module_that_cannot_start_is_told_by_its_answer(faulty: Faulty) -> None:
    """Its exception has no text: SoftHSM without its token folder does the same."""
    faulty.faults("C_Initialize error 0x5")
    pool = faulty.pool()
    await pool.start()
    try:
        assert "CKR_GENERAL_ERROR to C_Initialize" in pool.status.reason
    finally:
        await pool.close()


async def test_closing_does_not_wait_for_a_hanging_module(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    faulty.faults("* hang")
    hung = asyncio.ensure_future(pool.sign(order))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await pool.close()
    assert time.monotonic() - began < 5
    with pytest.raises(SignetError):
        await hung
