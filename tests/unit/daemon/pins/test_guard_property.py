"""Whatever happens, in whatever order: a PIN that may have been counted is not sent by itself."""

import asyncio
import traceback
from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from signetd.daemon.pins import StoredPinGuard, ledger
from signetd.daemon.state import Database
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin

PINS = {name: Pin(f"{name}-73519428") for name in ("a", "b", "c")}
Step = tuple[str, bool, str]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(PINS)),
        st.booleans(),
        st.sampled_from(["refused", "accepted", "not_presented", "crash", "unknown"]),
    ),
    max_size=10,
)


class Model:
    """What an ideal guard knows: the PINs that the token may have counted as wrong."""

    def __init__(self) -> None:
        self.counted: set[str] = set()

    def lets_out(self, name: str) -> bool:
        return name not in self.counted and len(self.counted) < ledger.PINS_WITHOUT_A_PERSON

    def end(self, name: str, outcome: str) -> None:
        if outcome == "accepted":
            self.counted.clear()
        elif outcome != "not_presented":
            self.counted.add(name)


async def play(start: Callable[[], StoredPinGuard], steps: list[Step]) -> None:
    serial, guard, model = uuid4().hex[:16], start(), Model()
    for name, by_itself, outcome in steps:
        try:
            await guard.begin(serial, PINS[name], by_itself=by_itself)
        except SignetError as error:
            assert error.reason is Reason.PIN_BLOCKED
            assert by_itself
            assert not model.lets_out(name), "a PIN that the token has not counted is let out"
            assert "73519428" not in "".join(traceback.format_exception(error))
            continue
        assert not by_itself or model.lets_out(name), "the token may count this PIN once more"
        await finish(guard, serial, name, outcome)
        model.end(name, outcome)
        if outcome == "crash":
            guard = start()


async def finish(guard: StoredPinGuard, serial: str, name: str, outcome: str) -> None:
    if outcome == "refused":
        await guard.refused(serial, PINS[name], "CKR_PIN_INCORRECT")
    elif outcome == "accepted":
        await guard.accepted(serial)
    elif outcome == "not_presented":
        await guard.not_presented(serial, PINS[name])


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_a_pin_that_may_have_been_counted_is_not_presented_again_by_itself(
    start: Callable[[], StoredPinGuard], steps: list[Step]
) -> None:
    with capture_logs() as logs:
        asyncio.run(play(start, steps))
    assert logs == []


@pytest.mark.parametrize("count", [1, 7, 8, 9, 40])
async def test_what_is_kept_of_a_token_is_bounded(
    start: Callable[[], StoredPinGuard], database: Database, count: int
) -> None:
    serial, guard = uuid4().hex[:16], start()
    for number in range(count):
        await guard.begin(serial, Pin(f"{number}"), by_itself=False)
        await guard.refused(serial, Pin(f"{number}"), "x" * 10_000)
    kept = []
    database.pins.change(serial, lambda known: kept.extend(known) or known)  # type: ignore[func-returns-value]
    assert len(kept) == min(count, 8)
    assert all(len(attempt.reason) <= 300 for attempt in kept)
    with pytest.raises(SignetError):
        await guard.begin(serial, Pin("0"), by_itself=True)
