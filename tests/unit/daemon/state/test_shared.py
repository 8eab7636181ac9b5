"""Several daemons on one PostgreSQL server: their names, and what they write."""

import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from signetd.daemon.config import PostgresUrl
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.pins import AttemptState, PinAttempt
from signetd.daemon.state import Database, StateError, hold, open_database
from signetd.daemon.state import postgres as driver
from signetd.daemon.state.locks import lock_number
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import SharedPlace, await_that

MakeKey = Callable[..., RegisteredKey]


def test_a_second_daemon_of_the_same_name_is_refused(shared: SharedPlace, tmp_path: Path) -> None:
    with shared.opened():
        sentence = "Another signetd with the name 'signetd' uses the database"
        with pytest.raises(StateError, match=rf"{sentence}.*name in \[daemon\]"):
            open_database(tmp_path / "second", shared.config())
        with shared.opened("another"):
            pass
    with shared.opened():
        pass


def test_daemons_see_what_the_others_wrote(shared: SharedPlace, make_key: MakeKey) -> None:
    with shared.opened("a") as one, shared.opened("b") as other:
        one.keys.add(make_key())
        assert other.keys.all() == [make_key()]
        with pytest.raises(SignetError) as error:
            other.keys.add(make_key())
        assert error.value.reason is Reason.KEY_EXISTS


def test_of_two_daemons_one_at_a_time_decides_on_a_pin(shared: SharedPlace) -> None:
    """Each adds one to what it finds; nothing gets lost, and nobody fails."""

    def add(database: Database, number: int) -> None:
        new = PinAttempt(
            token_serial="00a1",
            pin_hash=str(number),
            state=AttemptState.REFUSED,
            reason="",
            time=datetime.now(UTC),
        )
        database.pins.change("00a1", lambda known: [*known, new])

    def bind(database: Database, number: int) -> None:
        database.bindings.bind("hsm1", str(number))

    with shared.opened("a") as one, shared.opened("b") as other, ThreadPoolExecutor(8) as pool:
        for work in (add, bind):
            list(pool.map(lambda n: work((one, other)[n % 2], n), range(24)))  # noqa: B023
        assert shared.run("SELECT count(*) FROM pin_attempts") == [(24,)]


def test_a_name_that_another_took_meanwhile_is_lost(
    shared: SharedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(hold, "_GRACE_SECONDS", 0.2)
    told: list[str] = []
    number = lock_number("daemon", "signetd")
    with (
        shared.opened(on_lost=told.append) as database,
        shared.server.session(shared.name) as other,
    ):
        assert database.lost is None
        with ThreadPoolExecutor(1) as threads:
            taking = threads.submit(other.execute, "SELECT pg_advisory_lock(%s)", [number])
            shared.await_waiting()
            shared.run(
                "SELECT pg_terminate_backend(pid) FROM pg_locks "
                "WHERE locktype = 'advisory' AND granted"
            )
            taking.result(20)
        await_that(lambda: bool(told), "the loss to be told")
        assert told == [database.lost]
        with pytest.raises(SignetError, match="Another signetd with the name"):
            database.keys.all()


def test_a_broken_session_takes_the_name_again(
    shared: SharedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_CHECK_SECONDS", 0.02)
    holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
    with shared.opened() as database:
        before = shared.run(holders)
        shared.run(f"SELECT pg_terminate_backend(({holders}))")
        await_that(lambda: shared.run(holders) not in ([], before), "the name to be held again")
        assert database.lost is None
        assert database.keys.all() == []


def test_commits_are_durable_whatever_the_server_says(shared: SharedPlace) -> None:
    shared.run(f"ALTER DATABASE {shared.name} SET synchronous_commit = off")
    with shared.opened() as database, database.transaction("The state") as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_over_a_network_the_server_must_prove_its_name() -> None:
    def mode(url: str) -> object:
        parsed = PostgresUrl.parse(url)
        return driver.Server(parsed, "a", None, 1.0)._parameters()["sslmode"]

    assert mode("postgresql://u@db.example/d") == "verify-full"
    assert mode("postgresql://u@/d?host=/run/pg,db.example") == "verify-full"
    assert mode("postgresql://u@/d?host=/run/pg") == "disable"
    assert mode("postgresql://u@db.example/d?sslmode=verify-ca") == "verify-ca"


def test_without_its_driver_the_way_to_get_it_is_told(
    shared: SharedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "signetd.daemon.state.shared")
    with pytest.raises(StateError, match=re.escape("pip install 'signetd[daemon,postgresql]'")):
        shared.open()
