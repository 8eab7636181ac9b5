"""The database is opened safely: modes, settings, migrations, one daemon at a time."""

import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, insert

from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.state import StateError, migrate, open_database
from signetd.daemon.state import keys as keys_module
from signetd.daemon.state.access_tables import METADATA
from signetd.daemon.state.tables import KEYS

MakeKey = Callable[..., RegisteredKey]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def run(folder: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "signetd.db")
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()


def make_first_layout(folder: Path, keys: list[RegisteredKey]) -> None:
    """A database as the first release left it."""
    folder.mkdir(mode=0o700)
    engine = create_engine(f"sqlite:///{folder / 'signetd.db'}")
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0001")
        for key in keys:
            values = keys_module._values(key)
            for later in ("purpose", "policy"):
                del values[later]
            connection.execute(insert(KEYS).values(values))
    engine.dispose()


def test_folder_and_files_are_for_their_owner_only(tmp_path: Path, make_key: MakeKey) -> None:
    folder = tmp_path / "a" / "state"
    database = open_database(folder)
    database.keys.add(make_key())
    assert mode(folder) == 0o700
    files = {path.name: mode(path) for path in folder.iterdir()}
    assert {"signetd.db", "signetd.db-wal", "signetd.lock", "pin-guard.key"} <= set(files)
    assert set(files.values()) == {0o600}, f"every file must have the mode 0600: {files}"
    database.close()


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    open_database(tmp_path / "s").close()
    (tmp_path / "s" / "signetd.db").chmod(0o644)
    open_database(tmp_path / "s").close()
    assert mode(tmp_path / "s" / "signetd.db") == 0o600


@pytest.mark.parametrize("bits", [0o770, 0o777, 0o1777])
def test_a_folder_that_others_can_change_is_refused_and_left_as_it_is(
    tmp_path: Path, bits: int
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(bits)
    with pytest.raises(StateError, match="chmod 700"):
        open_database(folder)
    assert mode(folder) == bits
    assert list(folder.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("")
    with pytest.raises(StateError, match="cannot be made"):
        open_database(tmp_path / "s")


def test_a_link_in_the_place_of_the_database_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    (folder / "signetd.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be opened"):
        open_database(folder)
    assert not (tmp_path / "elsewhere").exists()


def test_what_was_written_survives_a_power_cut(tmp_path: Path) -> None:
    database = open_database(tmp_path / "s")
    with database._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


def test_a_second_daemon_is_refused_until_the_first_one_closes(tmp_path: Path) -> None:
    first = open_database(tmp_path / "s")
    with pytest.raises(StateError, match="used by another signetd"):
        open_database(tmp_path / "s")
    first.close()
    first.close()
    open_database(tmp_path / "s").close()


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    database = open_database(tmp_path / "s")
    with database._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    database.close()
    assert differences == [], "add a migration to state/migrations/versions, or correct the last"


def test_a_database_newer_than_the_code_is_refused_and_left_as_it_is(
    tmp_path: Path, make_key: MakeKey
) -> None:
    folder = tmp_path / "s"
    database = open_database(folder)
    database.keys.add(make_key())
    database.close()
    run(folder, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StateError, match=r"newer version of signetd.*9999.*0003"):
        open_database(folder)
    assert run(folder, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert run(folder, "SELECT id FROM keys") == [("seal",)]
    # The refusal gave the lock back.
    run(folder, "UPDATE alembic_version SET version_num = '0003'")
    open_database(folder).close()


def test_an_older_database_is_brought_up_to_date_with_its_keys(
    tmp_path: Path, make_key: MakeKey
) -> None:
    folder = tmp_path / "s"
    keys = [make_key("a"), make_key("b", state=KeyState.DISABLED)]
    make_first_layout(folder, keys)
    assert run(folder, "SELECT version_num FROM alembic_version") == [("0001",)]
    database = open_database(folder)
    assert database.keys.all() == keys
    assert database.bindings.serial("hsm1") == ""
    database.close()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    run(folder, "CREATE TABLE keys (id TEXT)")
    with pytest.raises(StateError, match="cannot be used as a database"):
        open_database(folder)
    assert run(folder, "SELECT name FROM sqlite_master") == [("keys",)]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    (folder / "signetd.db").write_bytes(b"no database " * 500)
    with pytest.raises(StateError, match="cannot be used as a database"):
        open_database(folder)
    assert (folder / "signetd.db").read_bytes() == b"no database " * 500
