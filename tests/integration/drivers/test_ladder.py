"""Recovery rung by rung, at every function of PKCS#11 that the driver calls."""

import asyncio
import functools
import os
import signal
import time

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import KeyType, Pin, SignOrder
from tests.chaos.catalogue import CKR
from tests.integration.drivers.faulty import Faulty, eventually, ready
from tests.integration.drivers.memory import Source

# Functions of a signature on a worker that is logged in already.
AT_WORK = ("C_SignInit", "C_Sign")
# Functions of a worker's start, its login and its checks.
AT_START = (
    "C_Initialize",
    "C_GetInfo",
    "C_GetSlotList",
    "C_GetSlotInfo",
    "C_GetTokenInfo",
    "C_GetMechanismList",
    "C_OpenSession",
    "C_FindObjectsInit",
    "C_FindObjects",
    "C_GetAttributeValue",
)
# The chaos run's classes, without the one after which the session is as good as before.
CKRS = {name: number for name, number in CKR.items() if name != "DEVICE_MEMORY"}


async def signed_with(faulty: Faulty, pool: TokenPool, order: SignOrder, fault: str) -> bytes:
    """Sign with a fault that strikes once, in one process."""
    function = fault.split()[0]
    before = faulty.count(function)
    faulty.faults(fault + " times=1")
    signing = asyncio.ensure_future(pool.sign(order))
    await eventually(lambda: faulty.count(function) > before)
    faulty.faults()  # another process would count its own first call
    return await signing


@pytest.mark.parametrize("function", AT_WORK)
async def test_one_error_of_any_class_is_not_seen_by_the_caller(
    function: str, faulty: Faulty
) -> None:
    pool, order = await ready(faulty)
    try:
        for name, number in CKRS.items():
            before = faulty.count("C_Login")
            assert await signed_with(faulty, pool, order, f"{function} error {number}"), name
            logins = faulty.count("C_Login") - before
            assert logins <= 1, f"{name} cost {logins} logins"
            await eventually(lambda: pool.status.state is TokenState.READY)
    finally:
        await pool.close()


async def test_the_rungs_are_climbed_in_order(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        starts, sessions = faulty.count("C_Initialize"), faulty.count("C_OpenSession")
        await signed_with(faulty, pool, order, "C_Sign error 0xB3")
        assert faulty.count("C_OpenSession") == sessions + 1, "the first rung is a fresh session"
        assert faulty.count("C_Initialize") == starts, "and the process is the same"
        logins = faulty.count("C_Login")
        await signed_with(faulty, pool, order, "C_Sign error 0x101")
        assert faulty.count("C_Login") == logins + 1, "the second is a login"
        await signed_with(faulty, pool, order, "C_Sign error 0x190")
        assert faulty.count("C_Initialize") == starts + 1, "the third is another process"
        assert faulty.count("C_Finalize") == 0
    finally:
        await pool.close()


async def test_an_operation_is_tried_again_once(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        before = faulty.count("C_SignInit")
        faulty.faults("C_Sign error 0x30")
        with pytest.raises(SignetError) as caught:
            await pool.sign(order)
        assert caught.value.ckr == "CKR_DEVICE_ERROR"
        assert faulty.count("C_SignInit") == before + 2
    finally:
        await pool.close()


@pytest.mark.parametrize("function", AT_START)
async def test_a_start_that_fails_is_told_and_tried_again(function: str, faulty: Faulty) -> None:
    """Error, hang, crash: the token says what is wrong, and comes back when it is over."""
    pool = faulty.pool(source=Source(faulty.pin), start_timeout=1.0)
    await pool.start()
    try:
        await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
        for fault in ("error 0x5", "error 0x32", "crash", "hang"):
            faulty.faults(f"{function} {fault}")
            for worker in list(pool.crew.opened.values()):
                worker.kill()
            await eventually(lambda: not pool.status.state.serves)
            assert pool.status.reason
            with pytest.raises(SignetError) as refused:
                await pool.keys()
            assert refused.value.reason in (
                Reason.TOKEN_ABSENT,
                Reason.TOKEN_RECOVERING,
                Reason.TOKEN_LOCKED,
            )
            faulty.faults()
            for keeper in pool._keepers:
                keeper.wake.set()
            if pool.status.state is TokenState.LOCKED:  # it broke off while the PIN was presented
                await pool.unlock(faulty.pin)
            await eventually(lambda: pool.status.state is TokenState.READY)
        assert len(await pool.keys()) == 1
    finally:
        await pool.close()


async def test_a_hang_is_over_at_its_deadline_and_the_others_take_over(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        await asyncio.gather(*(pool.sign(order) for _ in range(50)))
        faulty.faults("C_Sign hang times=1")
        hung = asyncio.ensure_future(pool.sign(order))
        await asyncio.sleep(0.05)
        faulty.faults()
        began = time.monotonic()
        # Some of these are given to the worker that hangs; they do not wait for its end.
        await asyncio.gather(*(pool.sign(order) for _ in range(64)))
        assert time.monotonic() - began < 0.9
        with pytest.raises(SignetError) as caught:
            await hung
        assert caught.value.reason is Reason.TOKEN_TIMEOUT
        await eventually(lambda: pool.status.state is TokenState.READY)
    finally:
        await pool.close()


async def test_no_session_left_is_a_worker_less(faulty: Faulty) -> None:
    pool, order = await ready(faulty, workers=2)
    try:
        worker = pool.crew.ready[1]
        faulty.faults("C_OpenSession error 0xB1")
        worker.kill()
        await eventually(lambda: "no session left" in pool.status.reason)
        assert pool.status.state is TokenState.DEGRADED
        assert await pool.sign(order)
        faulty.faults()
        await eventually(lambda: pool.status.state is TokenState.READY)
    finally:
        await pool.close()


async def test_states_follow_each_other_as_they_may(faulty: Faulty) -> None:
    pool, _ = await ready(faulty)
    try:
        await pool.lock()
        with pytest.raises(SignetError):
            await pool.unlock(Pin("not the pin"))
        await pool.unlock(faulty.pin)
        states = [t.after.state.value for t in faulty.transitions]
        assert states[:3] == ["PRESENT", "LOCKED", "READY"]
        assert states[-1] == "READY"
        assert "LOCKED" in states[3:]
    finally:
        await pool.close()


async def test_a_token_swapped_between_two_checks_gets_no_pin(faulty: Faulty) -> None:
    pool, order = await ready(faulty, check_interval=60.0)
    try:
        logins = faulty.count("C_Login")
        faulty.faults(
            "C_GetTokenInfo serial STRANGER", "C_Sign error 0x101", "C_SignInit error 0xB3"
        )
        with pytest.raises(SignetError):
            await pool.sign(order)
        await eventually(lambda: pool.status.state is TokenState.ABSENT)
        assert faulty.count("C_Login") == logins
    finally:
        await pool.close()


def is_replaced(pool: TokenPool, pid: int) -> bool:
    return pool.workers_ready == 1 and pool.crew.ready[0].pid != pid


async def test_a_worker_ended_by_any_signal_is_replaced(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        for number in (signal.SIGKILL, signal.SIGRTMIN + 5, signal.SIGTERM):
            pid = pool.crew.ready[0].pid
            os.kill(pid, number)
            await eventually(functools.partial(is_replaced, pool, pid))
            assert await pool.sign(order)
    finally:
        await pool.close()
