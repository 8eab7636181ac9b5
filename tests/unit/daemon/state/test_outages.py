"""A PostgreSQL server that restarts, hangs or is not there: every call ends, and it goes on."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from signetd.daemon.keys import RegisteredKey
from signetd.daemon.state import StateError, open_database
from signetd.daemon.state import postgres as driver
from signetd.daemon.state.locks import lock_number
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import SharedPlace

MakeKey = Callable[..., RegisteredKey]


def test_a_server_that_restarts_is_used_again(shared: SharedPlace, make_key: MakeKey) -> None:
    with shared.opened() as database:
        database.keys.add(make_key("before"))
        shared.server.stop()
        with pytest.raises(SignetError, match="look at the database server") as error:
            database.keys.all()
        assert error.value.reason is Reason.INTERNAL
        shared.server.start()
        database.keys.add(make_key("after"))
        assert [key.id for key in database.keys.all()] == ["after", "before"]
        assert database.lost is None
        with pytest.raises(StateError, match="Another signetd"):
            open_database(shared.folder, shared.config())


def test_a_server_that_is_back_soon_is_waited_for(
    shared: SharedPlace, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_PAUSES", (0.1,) * 100)  # the machine may be slow
    server = shared.server
    with shared.opened() as database, ThreadPoolExecutor(1) as threads:
        server.stop()
        adding = threads.submit(database.keys.add, make_key())
        server.start()
        adding.result(30)
        assert len(database.keys.all()) == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_key_whose_commit_was_not_answered_is_looked_for(
    shared: SharedPlace, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    with shared.opened() as database:
        database.keys.all()
        dialect = database._engine.dialect
        commit = dialect.do_commit

        def break_off(connection: Any) -> None:
            if done:
                commit(connection)
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("the connection broke")

        monkeypatch.setattr(dialect, "do_commit", break_off)
        if done:
            database.keys.add(make_key())
        else:
            with pytest.raises(SignetError, match="the connection broke"):
                database.keys.add(make_key())
        monkeypatch.undo()
        assert len(database.keys.all()) == done


def test_a_statement_that_waits_for_too_long_fails_in_time(shared: SharedPlace) -> None:
    number = lock_number("PIN attempts", "00a1")
    with (
        shared.opened(call_timeout=1.0) as database,
        shared.server.session(shared.name) as other,
    ):
        other.execute("SELECT pg_advisory_lock(%s)", [number])
        began = time.monotonic()
        with pytest.raises(SignetError, match=r"refused PINs.*statement timeout") as error:
            database.pins.change("00a1", lambda known: known)
        assert error.value.reason is Reason.INTERNAL
        assert time.monotonic() - began < 10
        other.execute("SELECT pg_advisory_unlock(%s)", [number])
        database.pins.change("00a1", lambda known: known)


def test_a_server_that_is_silent_fails_in_time(
    shared: SharedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_MARGIN", 0.2)
    with shared.opened(call_timeout=1.0) as database:
        pid = 0
        try:
            with (
                pytest.raises(SignetError, match=r"did not answer within 1\.2 seconds"),
                database.transaction("The state") as connection,
            ):
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                os.kill(pid, signal.SIGSTOP)
                connection.exec_driver_sql("SELECT 1")
        finally:
            if pid:
                os.kill(pid, signal.SIGCONT)
        assert database.keys.all() == []


def test_connecting_to_a_silent_server_fails_in_time(shared: SharedPlace) -> None:
    with shared.opened(call_timeout=1.0) as database:
        began = time.monotonic()
        with shared.server.silent(), pytest.raises(SignetError, match="timeout expired"):
            database.keys.all()
        assert time.monotonic() - began < 15
        assert database.keys.all() == []


def test_no_more_connections_than_the_pool_has(shared: SharedPlace) -> None:
    with (
        shared.opened(pool=1, call_timeout=1.0) as database,
        database.transaction("The state"),
        pytest.raises(SignetError, match="no connection became free in time"),
    ):
        database.keys.all()


def test_a_server_that_is_not_there_is_told(tmp_path: Path, shared: SharedPlace) -> None:
    nowhere = SharedPlace(tmp_path / "state", shared.server, "no-such-database")
    with pytest.raises(StateError, match=r"no-such-database.*does not exist.*Check \[database\]"):
        nowhere.open()
