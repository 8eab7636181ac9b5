"""Counting faulty signatures: in a row, by key, and only those of the key as it is."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.signing import FaultCounter, SignInput
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.signing.asking import AskedEngine

FAULTY = SignetError(Reason.SIGNATURE_FAULTY, "Withheld.")


@pytest.fixture
def counter(keys: Any) -> FaultCounter:
    """Three faults in a row are too many for the token `hsm1`."""
    return FaultCounter(keys, {"hsm1": 3})


async def outcome(error: SignetError | None) -> bytes:
    if error:
        raise error
    return b"signature"


async def sign(counter: FaultCounter, key: Any, error: SignetError | None = FAULTY) -> None:
    if error is None:
        assert await counter.watch(key, outcome(None)) == b"signature"
        return
    with pytest.raises(SignetError) as caught:
        await counter.watch(key, outcome(error))
    assert caught.value is error


async def test_the_limit_in_a_row_is_quarantine(counter: FaultCounter, keys: Any) -> None:
    key = keys.get("sm2")
    for _ in range(2):
        await sign(counter, key)
    assert keys.quarantined == []
    await sign(counter, key)
    assert keys.quarantined == [("sm2", 3)]


async def test_the_quarantine_is_recorded(keys: Any) -> None:
    told: list[tuple[str, int]] = []

    async def record(key: RegisteredKey, faults: int) -> None:
        told.append((key.id, faults))

    counter = FaultCounter(keys, {"hsm1": 2}, record)
    for _ in range(2):
        assert told == []
        await sign(counter, keys.get("sm2"))
    assert told == [("sm2", 2)]


async def test_a_good_signature_begins_the_count_anew(counter: FaultCounter, keys: Any) -> None:
    key = keys.get("sm2")
    for error in (FAULTY, FAULTY, None, FAULTY, FAULTY):
        await sign(counter, key, error)
    assert keys.quarantined == []


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.SIGNATURE_FAULTY}))
async def test_another_failure_says_nothing_of_the_key(
    counter: FaultCounter, keys: Any, reason: Reason
) -> None:
    key = keys.get("sm2")
    for error in (FAULTY, FAULTY, *[SignetError(reason, "No.")] * 5):
        await sign(counter, key, error)
    assert keys.quarantined == []
    await sign(counter, key)
    assert keys.quarantined == [("sm2", 3)], "and it does not hide that the key is faulty"


async def test_each_key_has_its_own_count(counter: FaultCounter, keys: Any) -> None:
    for name in ("sm2", "ec_p256", "sm2", "ec_p256", "ed25519"):
        await sign(counter, keys.get(name))
    assert keys.quarantined == []


async def test_each_token_has_its_own_limit(keys: Any) -> None:
    counter = FaultCounter(keys, {"hsm1": 3, "hsm2": 1})
    keys.change("ec_p256", token="hsm2")
    await sign(counter, keys.get("ec_p256"))
    await sign(counter, keys.get("sm2"))
    assert keys.quarantined == [("ec_p256", 1)]


async def test_a_key_that_was_changed_starts_from_nothing(counter: FaultCounter, keys: Any) -> None:
    old = keys.get("sm2")
    for _ in range(2):
        await sign(counter, old)
    keys.change("sm2", update_time=datetime.now(UTC) + timedelta(seconds=1))
    for _ in range(5):
        await sign(counter, old)  # these were asked for before the change
    for _ in range(2):
        await sign(counter, keys.get("sm2"))
    assert keys.quarantined == []
    await sign(counter, keys.get("sm2"))
    assert keys.quarantined == [("sm2", 3)]


async def test_what_fails_after_the_quarantine_is_not_counted(
    counter: FaultCounter, keys: Any
) -> None:
    key = keys.get("sm2")
    await asyncio.gather(*(sign(counter, key) for _ in range(20)))
    assert keys.quarantined == [("sm2", 3)]


async def test_through_the_engine_a_faulty_key_stops_signing(
    engine: AskedEngine, token: Any, keys: Any
) -> None:
    token.failure = FAULTY
    request = SignInput(key="sm2", message=b"m")
    for _ in range(3):
        with pytest.raises(SignetError) as error:
            await engine.sign(request)
        assert error.value is FAULTY
    asked = len(token.orders)
    with pytest.raises(SignetError, match=r"QUARANTINED.*check the token.*enable") as error:
        await engine.sign(request)
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert len(token.orders) == asked
    assert keys.get("sm2").state is KeyState.QUARANTINED
