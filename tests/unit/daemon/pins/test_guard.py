"""The guard: what it lets through, what it says, and what it leaves behind when interrupted."""

import asyncio
import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from signetd.daemon.pins import PinAttempt, PinHasher, StoredPinGuard
from signetd.daemon.pins.hashing import same_key
from signetd.daemon.state import Database
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pins import PinGuard
from signetd.drivers.types import Pin
from tests.unit.daemon.places import Place

Start = Callable[[], StoredPinGuard]
Break = Callable[[bool], None]
A, B, C = Pin("alpha-73519428"), Pin("bravo-73519428"), Pin("charlie-73519428")


@pytest.fixture
def serial() -> str:
    return uuid4().hex[:16]


async def blocked(guard: PinGuard, serial: str, pin: Pin) -> str:
    with pytest.raises(SignetError) as error:
        await guard.begin(serial, pin, by_itself=True)
    assert error.value.reason is Reason.PIN_BLOCKED
    assert "73519428" not in error.value.message
    return error.value.message


async def test_a_refused_pin_is_told_with_its_time_its_reason_and_the_ways_out(
    start: Start, serial: str
) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=True)
    await guard.refused(serial, A, "CKR_PIN_INCORRECT.")
    message = await blocked(start(), serial, A)
    assert "This PIN was refused by the token at 20" in message
    assert "UTC (CKR_PIN_INCORRECT). It is not presented by itself" in message
    assert "PIN file" in message
    assert "signetctl token unlock" in message


async def test_a_pin_of_which_a_dead_run_knew_no_answer_is_blocked(
    start: Start, serial: str
) -> None:
    await start().begin(serial, A, by_itself=True)
    message = await blocked(start(), serial, A)
    assert "not known whether the token refused it" in message


async def test_an_accepted_pin_may_be_presented_again(start: Start, serial: str) -> None:
    for _ in range(3):
        guard = start()
        await guard.begin(serial, A, by_itself=True)
        await guard.accepted(serial)


async def test_another_pin_is_the_way_out_and_two_are_the_limit(start: Start, serial: str) -> None:
    for pin in (A, B):
        guard = start()
        await guard.begin(serial, pin, by_itself=True)
        await guard.refused(serial, pin, "CKR_PIN_INCORRECT")
    message = await blocked(start(), serial, C)
    assert "2 other PINs came before this one, and none was right (the limit is 2)" in message
    assert "PIN file" not in message, "another PIN in the file would be refused too"
    assert "PIN file" not in await blocked(start(), serial, A)


async def test_an_administrator_is_never_refused_and_success_clears(
    start: Start, serial: str
) -> None:
    guard = start()
    for pin in (A, B, A, C):
        await guard.begin(serial, pin, by_itself=False)
        await guard.refused(serial, pin, "")
    await blocked(guard, serial, A)
    await guard.begin(serial, A, by_itself=False)
    await guard.accepted(serial)
    for pin in (A, B):
        await guard.begin(serial, pin, by_itself=True)


async def test_an_administrators_slip_does_not_let_a_refused_pin_out(
    start: Start, serial: str
) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=True)
    await guard.refused(serial, A, "")
    await guard.begin(serial, B, by_itself=False)
    await guard.refused(serial, B, "")
    await blocked(guard, serial, A)


@pytest.mark.parametrize("by_itself", [True, False])
async def test_what_was_not_presented_is_forgotten(
    start: Start, serial: str, by_itself: bool
) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=by_itself)
    await guard.not_presented(serial, A)
    await guard.begin(serial, A, by_itself=True)


@pytest.mark.parametrize("was_refused", [True, False])
async def test_a_refusal_outlives_an_attempt_that_was_not_presented(
    start: Start, serial: str, was_refused: bool
) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=True)
    if was_refused:
        await guard.refused(serial, A, "")
    await guard.begin(serial, A, by_itself=False)
    await guard.not_presented(serial, A)
    await blocked(guard, serial, A)


async def test_tokens_do_not_share_refusals(start: Start, serial: str) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=True)
    await guard.begin(serial + "2", A, by_itself=True)


async def test_of_many_workers_one_presents_the_pin(start: Start, serial: str) -> None:
    guard = start()
    results = await asyncio.gather(
        *(guard.begin(serial, A, by_itself=True) for _ in range(8)), return_exceptions=True
    )
    assert results.count(None) == 1


async def test_of_many_pins_at_once_two_are_presented(start: Start, serial: str) -> None:
    guard = start()
    results = await asyncio.gather(
        *(guard.begin(serial, Pin(f"pin{n}"), by_itself=True) for n in range(8)),
        return_exceptions=True,
    )
    assert results.count(None) == 2


async def test_a_pin_that_cannot_be_written_down_is_not_presented(
    start: Start, serial: str, break_database: Break
) -> None:
    break_database(True)
    for by_itself in (True, False):
        with pytest.raises(SignetError, match=r"not presented.*(no such table|relation)") as error:
            await start().begin(serial, A, by_itself=by_itself)
        assert error.value.reason is Reason.INTERNAL
    break_database(False)
    await start().begin(serial, A, by_itself=True)


async def test_a_refusal_that_cannot_be_written_is_logged_and_blocks_all_the_same(
    start: Start, serial: str, break_database: Break
) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=True)
    break_database(True)
    with capture_logs() as logs:
        await guard.refused(serial, A, "")
        await guard.not_presented(serial, A)
    assert [(entry["log_level"], entry["serial"]) for entry in logs] == [("error", serial)] * 2
    break_database(False)
    await blocked(guard, serial, A)


async def test_an_acceptance_that_cannot_be_written_is_made_up_for(
    start: Start, serial: str, break_database: Break
) -> None:
    guard = start()
    await guard.begin(serial, A, by_itself=True)
    break_database(True)
    with capture_logs() as logs:
        await guard.accepted(serial)
    assert logs[0]["event"] == "PIN attempt not written down"
    with pytest.raises(SignetError):
        await guard.begin(serial, A, by_itself=True)
    break_database(False)
    await guard.begin(serial, A, by_itself=True)
    await guard.refused(serial, A, "")
    await blocked(guard, serial, A)


async def test_when_the_key_is_lost_every_pin_waits_for_an_administrator(
    place: Place, serial: str
) -> None:
    def opened() -> tuple[Database, StoredPinGuard]:
        database = place.open()
        return database, StoredPinGuard(database.pins, PinHasher(database.pin_guard_key, 2))

    database, guard = opened()
    await guard.begin(serial, A, by_itself=True)
    await guard.refused(serial, A, "")
    database.close()
    (place.folder / "pin-guard.key").unlink()
    database, guard = opened()
    for pin in (A, B):
        message = await blocked(guard, serial, pin)
        assert "key of the PIN guard was replaced" in message
        assert "PIN file" not in message
    await guard.begin("another", A, by_itself=True)
    await guard.begin(serial, B, by_itself=False)
    await guard.accepted(serial)
    await guard.begin(serial, A, by_itself=True)
    database.close()


class Gate:
    """A store whose changes wait in their thread until the test lets them go on."""

    def __init__(self, database: Database) -> None:
        self._pins = database.pins
        self.reached = threading.Event()
        self.open = threading.Event()

    def change(self, serial: str, decide: Callable[[list[PinAttempt]], list[PinAttempt]]) -> None:
        self.reached.set()
        assert self.open.wait(20)
        self._pins.change(serial, decide)


async def cancelled_begin(database: Database, serial: str) -> None:
    gate = Gate(database)
    guard = StoredPinGuard(gate, PinHasher(database.pin_guard_key, 2))
    begin = asyncio.create_task(guard.begin(serial, A, by_itself=True))
    await asyncio.to_thread(gate.reached.wait, 20)
    begin.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begin
    gate.open.set()
    await guard.drain()


async def test_a_begin_that_is_cancelled_leaves_nothing_behind(
    database: Database, start: Start, serial: str
) -> None:
    await cancelled_begin(database, serial)
    await start().begin(serial, A, by_itself=True)


async def test_a_cancelled_begin_does_not_undo_what_was_known_before(
    database: Database, start: Start, serial: str
) -> None:
    await start().begin(serial, A, by_itself=True)
    await cancelled_begin(database, serial)
    await blocked(start(), serial, A)


def test_hashes_differ_by_pin_token_and_key() -> None:
    one, other = PinHasher(b"1" * 32), PinHasher(b"2" * 32)
    hashes = {
        one.hash("00a1", A),
        one.hash("00a1", B),
        one.hash("00a2", A),
        one.hash("", A),
        other.hash("00a1", A),
    }
    assert len(hashes) == 5
    assert one.hash("00a1", A) in hashes, "the same PIN is known again"


def test_hashes_of_another_key_or_cost_are_known_not_to_compare() -> None:
    one = PinHasher(b"1" * 32, 2).hash("00a1", A)
    assert same_key(one, PinHasher(b"1" * 32, 2).hash("00b2", B))
    assert not same_key(one, PinHasher(b"2" * 32, 2).hash("00a1", A))
    assert not same_key(one, PinHasher(b"1" * 32, 4).hash("00a1", A))
