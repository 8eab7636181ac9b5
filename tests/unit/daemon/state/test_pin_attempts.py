"""What the database keeps of refused PINs, and of the serials behind names."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from signetd.daemon.pins import AttemptState, PinAttempt
from signetd.daemon.state import Database
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import Place

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = place.open()
    yield database
    database.close()


def attempt(pin_hash: str, minutes: int = 0, **changes: object) -> PinAttempt:
    values = {
        "token_serial": "00a1",
        "pin_hash": pin_hash,
        "state": AttemptState.REFUSED,
        "reason": "CKR_PIN_INCORRECT",
        "time": NOW + timedelta(minutes=minutes),
        **changes,
    }
    return PinAttempt(**values)  # type: ignore[arg-type]


def kept(database: Database, serial: str = "00a1") -> list[PinAttempt]:
    found: list[PinAttempt] = []

    def look(known: list[PinAttempt]) -> list[PinAttempt]:
        found.extend(known)
        return known

    database.pins.change(serial, look)
    return found


def test_attempts_are_kept_by_token_and_told_oldest_first(database: Database) -> None:
    late, early = attempt("a", 2), attempt("b", 1, state=AttemptState.PENDING, reason="")
    other = attempt("a", token_serial="")
    database.pins.change("00a1", lambda known: [late, early])
    database.pins.change("", lambda known: [other])
    assert kept(database) == [early, late]
    database.pins.change("00a1", lambda known: [])
    assert kept(database) == []
    assert kept(database, "") == [other]


def test_attempts_survive_a_restart(place: Place) -> None:
    for expected in ([], [attempt("a")]):
        database = place.open()
        assert kept(database) == expected
        database.pins.change("00a1", lambda known: [attempt("a")])
        database.close()


def test_nothing_is_changed_when_the_decision_is_no(database: Database) -> None:
    def decide(known: list[PinAttempt]) -> list[PinAttempt]:
        raise SignetError(Reason.PIN_BLOCKED, "No.")

    database.pins.change("00a1", lambda known: [attempt("a")])
    with pytest.raises(SignetError, match="No"):
        database.pins.change("00a1", decide)
    assert kept(database) == [attempt("a")]


def test_an_attempt_that_cannot_be_understood_is_no_free_pass(
    database: Database, place: Place
) -> None:
    database.pins.change("00a1", lambda known: [attempt("a")])
    place.run("UPDATE pin_attempts SET state = 'melted'")
    with pytest.raises(SignetError, match=r"'00a1'.*'melted'") as error:
        kept(database)
    assert error.value.reason is Reason.INTERNAL


@pytest.mark.parametrize("table", ["pin_attempts", "token_bindings"])
def test_an_error_of_the_database_shows_nothing_of_what_was_written(
    database: Database, place: Place, table: str
) -> None:
    place.run(f"DROP TABLE {table}")
    secret = "5ec2e7" * 4
    with pytest.raises(SignetError, match=f"(no such table: |relation .*){table}") as error:
        if table == "pin_attempts":
            database.pins.change("00a1", lambda known: [attempt(secret)])
        else:
            database.bindings.bind("hsm1", secret)
    assert error.value.reason is Reason.INTERNAL
    assert secret not in "".join(traceback.format_exception(error.value))
    assert secret not in str(error.value.__context__)


def test_the_hash_is_not_printed() -> None:
    assert "5ec2e7" not in repr(attempt("5ec2e7"))


def test_a_name_stands_for_the_last_serial_it_was_bound_to(database: Database) -> None:
    assert database.bindings.serial("hsm1") == ""
    database.bindings.bind("hsm1", "00a1")
    database.bindings.bind("hsm2", "00b2")
    database.bindings.bind("hsm1", "00c3")
    assert [database.bindings.serial(name) for name in ("hsm1", "hsm2")] == ["00c3", "00b2"]
