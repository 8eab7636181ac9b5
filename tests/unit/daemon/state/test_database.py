"""The database is opened safely: settings, one daemon at a time, whole transactions."""

import asyncio
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from signetd.daemon.state import StateError
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import Place

COUNT = "SELECT count(*) FROM token_bindings"
ADD = "INSERT INTO token_bindings VALUES ('hsm1', '00a1', '2026-01-02 03:04:05')"


def test_what_was_written_survives_a_power_cut(place: Place) -> None:
    database = place.open()
    with database.transaction("The state") as connection:
        if place.kind == "sqlite":
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar()
            assert isolation == "read committed"
    database.close()


def test_a_second_daemon_is_refused_until_the_first_one_closes(place: Place) -> None:
    first = place.open()
    with pytest.raises(StateError, match="used by another signetd"):
        place.open()
    first.close()
    first.close()
    place.open().close()


async def test_a_transaction_is_whole(place: Place) -> None:
    database = place.open()
    with pytest.raises(RuntimeError), database.transaction("The state") as connection:
        connection.execute(text(ADD))
        raise RuntimeError
    assert place.run(COUNT) == [(0,)]
    assert await database.run("The state", lambda it: it.execute(text(ADD)).rowcount) == 1
    assert place.run(COUNT) == [(1,)]
    database.close()


def test_what_fails_in_a_transaction_is_explained(place: Place) -> None:
    database = place.open()
    with (
        pytest.raises(SignetError, match=r"The lamps cannot be read or written.*lamps") as error,
        database.transaction("The lamps") as connection,
    ):
        connection.execute(text("SELECT * FROM lamps"))
    assert error.value.reason is Reason.INTERNAL
    database.close()


def test_no_transaction_with_a_failed_statement_seems_to_be_done(place: Place) -> None:
    database = place.open()
    try:
        with database.transaction("The state") as connection:
            connection.execute(text(ADD))
            with pytest.raises(DBAPIError):
                connection.execute(text("SELECT * FROM lamps"))
    except SignetError as error:
        assert "PendingRollbackError" in error.message
        assert place.run(COUNT) == [(0,)]
    else:
        assert place.run(COUNT) == [(1,)]
    database.close()


async def test_transactions_do_not_hold_up_the_event_loop(place: Place) -> None:
    database = place.open()
    go = threading.Event()
    waiting = asyncio.create_task(database.run("The state", lambda connection: go.wait(20)))
    await asyncio.sleep(0)
    go.set()
    assert await waiting
    database.close()
