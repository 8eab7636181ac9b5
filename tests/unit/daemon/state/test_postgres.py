"""Several daemons on one PostgreSQL server that restarts, hangs and forgets."""

import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from signetd.daemon.config import PostgresUrl
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.pins import AttemptState, PinAttempt
from signetd.daemon.state import Database, StateError, hold, open_database
from signetd.daemon.state import postgres as driver
from signetd.daemon.state.locks import lock_number
from signetd.drivers.errors import Reason, SignetError
from tests.postgres import GUARDED, PostgresServer
from tests.unit.daemon.places import Place

MakeKey = Callable[..., RegisteredKey]
PASSWORD = "5ec2e7-pa55-w0rd"


@contextmanager
def opened(shared: Place, name: str = "signetd", **changes: Any) -> Iterator[Database]:
    """A daemon's database; its folder is its own."""
    on_lost = changes.pop("on_lost", None)
    folder = shared.folder.with_name(f"state-{name}")
    database = open_database(folder, shared.config(**changes), name=name, on_lost=on_lost)
    try:
        yield database
    finally:
        database.close()


def await_that(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def server_of(shared: Place) -> PostgresServer:
    assert shared.server is not None
    return shared.server


def test_a_second_daemon_of_the_same_name_is_refused(shared: Place, tmp_path: Path) -> None:
    with opened(shared):
        sentence = "Another signetd with the name 'signetd' uses the database"
        with pytest.raises(StateError, match=rf"{sentence}.*name in \[daemon\]"):
            open_database(tmp_path / "second", shared.config())
        with opened(shared, "another"):
            pass
    with opened(shared):
        pass


def test_daemons_see_what_the_others_wrote(shared: Place, make_key: MakeKey) -> None:
    with opened(shared, "a") as one, opened(shared, "b") as other:
        one.keys.add(make_key())
        assert other.keys.all() == [make_key()]
        with pytest.raises(SignetError) as error:
            other.keys.add(make_key())
        assert error.value.reason is Reason.KEY_EXISTS


def test_of_two_daemons_one_at_a_time_decides_on_a_pin(shared: Place) -> None:
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

    with opened(shared, "a") as one, opened(shared, "b") as other, ThreadPoolExecutor(8) as pool:
        for work in (add, bind):
            list(pool.map(lambda n: work((one, other)[n % 2], n), range(24)))  # noqa: B023
        assert shared.run("SELECT count(*) FROM pin_attempts") == [(24,)]


def test_a_server_that_restarts_is_used_again(shared: Place, make_key: MakeKey) -> None:
    with opened(shared) as database:
        database.keys.add(make_key("before"))
        server_of(shared).stop()
        with pytest.raises(SignetError, match="look at the database server") as error:
            database.keys.all()
        assert error.value.reason is Reason.INTERNAL
        server_of(shared).start()
        database.keys.add(make_key("after"))
        assert [key.id for key in database.keys.all()] == ["after", "before"]
        assert database.lost is None
        with pytest.raises(StateError, match="Another signetd"):
            open_database(shared.folder, shared.config())


def test_a_server_that_is_back_soon_is_waited_for(shared: Place, make_key: MakeKey) -> None:
    server = server_of(shared)
    with opened(shared) as database, ThreadPoolExecutor(1) as threads:
        server.stop()
        adding = threads.submit(database.keys.add, make_key())
        server.start()
        adding.result(30)
        assert len(database.keys.all()) == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_key_whose_commit_was_not_answered_is_looked_for(
    shared: Place, make_key: MakeKey, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    with opened(shared) as database:
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


def test_a_name_that_another_took_meanwhile_is_lost(
    shared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(hold, "_GRACE_SECONDS", 0.2)
    told: list[str] = []
    number = lock_number("daemon", "signetd")
    with (
        opened(shared, on_lost=told.append) as database,
        server_of(shared).session(shared.name) as other,
    ):
        assert database.lost is None
        with ThreadPoolExecutor(1) as threads:
            taking = threads.submit(other.execute, "SELECT pg_advisory_lock(%s)", [number])
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            await_that(lambda: shared.run(waiting) == [(1,)], "the other to wait for the name")
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
    shared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hold, "_CHECK_SECONDS", 0.02)
    holders = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
    with opened(shared) as database:
        before = shared.run(holders)
        shared.run(f"SELECT pg_terminate_backend(({holders}))")
        await_that(lambda: shared.run(holders) not in ([], before), "the name to be held again")
        assert database.lost is None
        assert database.keys.all() == []


def test_a_statement_that_waits_for_too_long_fails_in_time(shared: Place) -> None:
    number = lock_number("PIN attempts", "00a1")
    with (
        opened(shared, call_timeout=0.3) as database,
        server_of(shared).session(shared.name) as other,
    ):
        other.execute("SELECT pg_advisory_lock(%s)", [number])
        began = time.monotonic()
        with pytest.raises(SignetError, match=r"refused PINs.*statement timeout") as error:
            database.pins.change("00a1", lambda known: known)
        assert error.value.reason is Reason.INTERNAL
        assert time.monotonic() - began < 5
        other.execute("SELECT pg_advisory_unlock(%s)", [number])
        database.pins.change("00a1", lambda known: known)


def test_a_server_that_is_silent_fails_in_time(
    shared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_MARGIN", 0.2)
    with opened(shared, call_timeout=0.3) as database:
        pid = 0
        try:
            with (
                pytest.raises(SignetError, match=r"did not answer within 0\.5 seconds"),
                database.transaction("The state") as connection,
            ):
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                os.kill(pid, signal.SIGSTOP)
                connection.exec_driver_sql("SELECT 1")
        finally:
            if pid:
                os.kill(pid, signal.SIGCONT)
        assert database.keys.all() == []


def test_no_more_connections_than_the_pool_has(shared: Place) -> None:
    with (
        opened(shared, pool=1, call_timeout=0.3) as database,
        database.transaction("The state"),
        pytest.raises(SignetError, match="no connection became free in time"),
    ):
        database.keys.all()


def test_commits_are_durable_whatever_the_server_says(shared: Place) -> None:
    shared.run(f"ALTER DATABASE {shared.name} SET synchronous_commit = off")
    with opened(shared) as database, database.transaction("The state") as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_server_that_is_not_there_is_told(tmp_path: Path, shared: Place) -> None:
    nowhere = Place(tmp_path / "state", server_of(shared), "no-such-database")
    with pytest.raises(StateError, match=r"no-such-database.*does not exist.*Check \[database\]"):
        nowhere.open()


def test_over_a_network_the_server_must_prove_its_name() -> None:
    def mode(url: str) -> object:
        parsed = PostgresUrl.parse(url)
        return driver.Server(parsed, "a", None, 1.0)._parameters()["sslmode"]

    assert mode("postgresql://u@db.example/d") == "verify-full"
    assert mode("postgresql://u@/d?host=/run/pg,db.example") == "verify-full"
    assert mode("postgresql://u@/d?host=/run/pg") == "disable"
    assert mode("postgresql://u@db.example/d?sslmode=verify-ca") == "verify-ca"


@pytest.fixture
def guarded(shared: Place, tmp_path: Path) -> Iterator[tuple[Place, Path]]:
    """A place whose user needs a password, and the file with it."""
    server = server_of(shared)
    server.run(shared.name, f"CREATE ROLE {GUARDED} LOGIN PASSWORD '{PASSWORD}'")
    server.run(shared.name, f"ALTER DATABASE {shared.name} OWNER TO {GUARDED}")
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text(PASSWORD + "\n")
    yield shared, file
    server.run(shared.name, f"DROP OWNED BY {GUARDED}")
    server.run(shared.name, f"ALTER DATABASE {shared.name} OWNER TO CURRENT_USER")
    server.run(shared.name, f"DROP ROLE {GUARDED}")


def test_the_password_comes_from_its_file_and_is_never_shown(
    guarded: tuple[Place, Path], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    shared, file = guarded
    caplog.set_level("DEBUG")
    url = server_of(shared).url(shared.name, GUARDED)
    with opened(shared, url=url, password_file=file) as database:
        with database.transaction("The state") as connection:
            assert connection.exec_driver_sql("SELECT current_user").scalar() == GUARDED
            shown = [repr(connection), repr(connection.connection.dbapi_connection)]
        shown += [repr(database._engine), repr(database._engine.url), repr(vars(database))]
        shown += [repr(vars(database._hold)), Path("/proc/self/cmdline").read_text()]
        file.write_text("another")
        database._engine.dispose()
        with pytest.raises(SignetError, match="password authentication failed") as error:
            database.keys.all()
    shown += traceback.format_exception(error.value)
    out, err = capfd.readouterr()
    assert PASSWORD not in "".join([*shown, out, err, caplog.text, *os.environ.values()])


@pytest.mark.parametrize(
    ("mode", "content", "message"),
    [
        (0o644, PASSWORD, "has mode 0644, which is open to other users"),
        (0o600, "", "must hold one line"),
        (0o600, f"{PASSWORD}\n{PASSWORD}", "must hold one line"),
        (0o600, None, "cannot be read: No such file"),
    ],
)
def test_a_password_file_that_is_not_fit_is_refused(
    shared: Place, tmp_path: Path, mode: int, content: str | None, message: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(StateError, match=message) as error:
        shared.open(password_file=file, call_timeout=0.1)
    assert PASSWORD not in "".join(traceback.format_exception(error.value))


def test_without_its_driver_the_way_to_get_it_is_told(
    shared: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "signetd.daemon.state.shared")
    with pytest.raises(StateError, match=re.escape("pip install 'signetd[daemon,postgresql]'")):
        shared.open()
