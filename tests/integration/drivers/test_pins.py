"""PINs: one counted attempt, whatever number of workers, restarts and disguises."""

import asyncio

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, Input, KeyInfo, KeyType, Pin, SignOrder
from tests.integration.drivers.faulty import Faulty, eventually, ready
from tests.integration.drivers.memory import Source

WRONG = Pin("not the pin")


async def test_a_wrong_pin_in_the_source_costs_one_attempt_over_restarts(faulty: Faulty) -> None:
    source = Source(WRONG)
    for _ in range(3):
        pool = faulty.pool(workers=3, source=source)
        await pool.start()
        try:
            await asyncio.sleep(0.7)  # time enough for a wrong retry
            assert pool.status.state is TokenState.LOCKED
        finally:
            await pool.close()
    assert faulty.count("C_Login") == 1


async def test_a_changed_source_unlocks_by_itself(faulty: Faulty) -> None:
    source = Source(WRONG)
    pool = faulty.pool(workers=2, source=source)
    await pool.start()
    try:
        assert pool.status.state is TokenState.LOCKED
        source.pin = faulty.pin
        await eventually(lambda: pool.status.state is TokenState.READY)
        assert faulty.guard.known == {}, "a right PIN clears what was known"
    finally:
        await pool.close()


@pytest.mark.parametrize("ckr", ["0x5", "0x6", "0x30", "0x80001234"])
async def test_a_hidden_refusal_counts_as_one(ckr: str, faulty: Faulty) -> None:
    faulty.faults(f"C_Login error {ckr}")
    pool = faulty.pool(workers=2, source=Source(faulty.pin))
    await pool.start()
    try:
        await asyncio.sleep(0.7)
        assert faulty.count("C_Login") == 1
        assert pool.status.state is TokenState.LOCKED
        assert "behind which a wrong PIN may hide" in pool.status.reason
        faulty.faults()
        await pool.unlock(faulty.pin)  # an administrator's act clears it
        await eventually(lambda: pool.status.state is TokenState.READY)
    finally:
        await pool.close()


@pytest.mark.parametrize("fault", ["hang", "crash"])
async def test_a_login_that_breaks_off_may_have_been_counted(fault: str, faulty: Faulty) -> None:
    faulty.faults(f"C_Login {fault}")
    pool = faulty.pool(workers=2, source=Source(faulty.pin), start_timeout=1.0)
    await pool.start()
    try:
        await asyncio.sleep(1.5)
        assert faulty.count("C_Login") == 1
        assert pool.status.state is TokenState.LOCKED
    finally:
        await pool.close()


async def test_a_crash_does_not_cost_a_known_pin(faulty: Faulty) -> None:
    pool, order = await ready(faulty)
    try:
        faulty.faults("C_Login crash times=1")
        pool.crew.ready[0].kill()
        await eventually(lambda: faulty.count("C_Login") >= 2)
        faulty.faults()
        await eventually(lambda: pool.status.state is TokenState.READY)
        assert await pool.sign(order)
    finally:
        await pool.close()


@pytest.mark.parametrize(
    ("flags", "says"), [("0x20000", "one wrong PIN more"), ("0x40000", "locked")]
)
async def test_no_pin_for_a_token_that_warns(flags: str, says: str, faulty: Faulty) -> None:
    faulty.faults(f"C_GetTokenInfo flags {flags}")
    pool = faulty.pool(source=Source(faulty.pin))
    await pool.start()
    try:
        assert pool.status.state is TokenState.LOCKED
        assert says in pool.status.reason
        with pytest.raises(SignetError) as refused:
            await pool.unlock(faulty.pin)
        assert refused.value.reason is Reason.PIN_BLOCKED
        assert faulty.count("C_Login") == 0
        if flags == "0x20000":
            await pool.unlock(faulty.pin, accept_final_try=True)
            assert faulty.count("C_Login") == 1
    finally:
        await pool.close()


def make_key(faulty: Faulty) -> None:
    """Make a P-256 key that wants its PIN for each signature, in a process of its own."""
    from tests.integration.drivers import always_authenticate

    always_authenticate.make(faulty)


async def always_key(pool_keys: list[KeyInfo]) -> SignOrder:
    (key,) = pool_keys
    assert key.always_authenticate
    assert key.key_type is KeyType.EC_P256
    return SignOrder(
        key=key.ref,
        algorithm=Algorithm.ECDSA_P256_SHA256,
        input=Input.DIGEST,
        data=bytes(32),
    )


async def test_a_key_that_wants_its_pin_each_time_works_with_one_worker(faulty: Faulty) -> None:
    make_key(faulty)
    pool = faulty.pool(source=Source(faulty.pin))
    await pool.start()
    try:
        order = await always_key(await pool.keys())
        for _ in range(3):
            assert await pool.sign(order)
        faulty.faults("C_Login error 0xA0")
        before = faulty.count("C_Login")
        with pytest.raises(SignetError) as refused:
            await pool.sign(order)
        assert refused.value.reason is Reason.PIN_REFUSED
        await eventually(lambda: pool.status.state is TokenState.LOCKED)
        await asyncio.sleep(0.7)
        assert faulty.count("C_Login") == before + 1, "the PIN was presented again"
    finally:
        await pool.close()


async def test_a_key_that_wants_its_pin_each_time_is_refused_with_more(faulty: Faulty) -> None:
    make_key(faulty)
    pool = faulty.pool(workers=2, source=Source(faulty.pin))
    await pool.start()
    try:
        order = await always_key(await pool.keys())
        with pytest.raises(SignetError, match="set workers = 1") as refused:
            await pool.sign(order)
        assert refused.value.reason is Reason.KEY_UNSUPPORTED
    finally:
        await pool.close()
