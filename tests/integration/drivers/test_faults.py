"""A token that hangs, crashes, lies or answers with errors: what it costs, and that it passes."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.crew import PoolSettings
from signetd.drivers.isolation.pool import TokenPool
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, Input, KeyType, Pin, SignOrder, TokenSettings
from signetd.softhsm import provision, set_faults
from tests.integration.drivers.memory import Guard, Serials


class Faulty:
    """A pool on a token that breaks on command."""

    def __init__(self, folder: Path) -> None:
        self.token = provision(folder, "test", module="fault", install=True)
        self.calls = folder / "calls"
        self._control = folder / "faults"
        environment = self.token.environment | {"SIGNETD_FAULT_LOG": str(self.calls)}
        self.settings = TokenSettings(
            module=str(self.token.module),
            label="test",
            profile="softhsm-sm2",
            environment=environment,
        )

    def faults(self, *rules: str) -> None:
        set_faults(self._control, *rules)

    def pool(self, workers: int = 1) -> TokenPool:
        return TokenPool(
            "test",
            self.settings,
            PoolSettings(workers=workers, request_timeout=1.0),
            lock_file=self._control.with_name("lock"),
            guard=Guard(),
            serials=Serials(),
        )

    @property
    def pin(self) -> Pin:
        return Pin(self.token.user_pin_file.read_text())

    def count(self, function: str) -> int:
        return self.calls.read_text().split().count(function)


@pytest.fixture
def faulty(tmp_path: Path) -> Faulty:
    return Faulty(tmp_path / "token")


async def ready(faulty: Faulty, workers: int = 1) -> tuple[TokenPool, SignOrder]:
    pool = faulty.pool(workers)
    await pool.start()
    await pool.unlock(faulty.pin)
    key = await pool.generate(KeyType.EC_P256, label="k", cka_id=b"\x01")
    algorithm = Algorithm.ECDSA_P256_SHA256
    return pool, SignOrder(key=key.ref, algorithm=algorithm, input=Input.DIGEST, data=bytes(32))


async def refused(pool: TokenPool, order: SignOrder) -> SignetError:
    with pytest.raises(SignetError) as caught:
        await pool.sign(order)
    return caught.value


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


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # what is waited for is in another process
            await asyncio.sleep(0.05)


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
        await eventually(lambda: pool.status.state == "LOCKED")
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
