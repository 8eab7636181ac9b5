"""A database is brought up to date with all that is in it, or left as it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert

from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.state import StateError, migrate
from signetd.daemon.state import keys as key_rows
from signetd.daemon.state.access_tables import METADATA
from signetd.daemon.state.locks import lock_number
from signetd.daemon.state.tables import KEYS, TOKEN_BINDINGS
from tests.unit.daemon.places import Place, SharedPlace

MakeKey = Callable[..., RegisteredKey]
VERSION = "SELECT version_num FROM alembic_version"
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master",
    "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
}
ADDED = {"0003": ("purpose", "policy"), "0004": ("certificates",)}
"""The columns of keys that a revision has added."""
SCRIPTS = Path(migrate.__file__).parent / "migrations"


def make_layout(place: Place, revision: str, keys: list[RegisteredKey]) -> None:
    """A database as the release with *revision* left it, with keys in it, and a binding."""
    engine = place.engine()
    migrate.migrate(engine, "test", "", revision)
    with engine.begin() as connection:
        for key in keys:
            values = key_rows._values(key)
            for later in (
                name for since, names in ADDED.items() if revision < since for name in names
            ):
                del values[later]
            connection.execute(insert(KEYS).values(values))
    if revision > "0001":
        values = {"name": "hsm1", "token_serial": "00a1", "time": datetime.now(UTC)}
        with engine.begin() as connection:
            connection.execute(insert(TOKEN_BINDINGS).values(values))
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_uses(place: Place) -> None:
    database = place.open()
    with database.transaction("The state") as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    database.close()
    assert differences == [], "add a migration to state/migrations/versions, or correct the last"


def test_the_newest_migration_is_the_one_that_is_looked_for(place: Place) -> None:
    """Else each start would load Alembic, or none would run the last migration."""
    scripts = ScriptDirectory(str(SCRIPTS))
    assert scripts.get_heads() == [migrate.HEAD], "set HEAD in state/migrate.py"
    place.open().close()
    assert place.run(VERSION) == [(migrate.HEAD,)]


def test_a_database_newer_than_the_code_is_refused_and_left_as_it_is(
    place: Place, make_key: MakeKey
) -> None:
    database = place.open()
    database.keys.add(make_key())
    database.close()
    ((version,),) = place.run(VERSION)
    place.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StateError, match=rf"newer version of signetd.*9999.*{version}"):
        place.open()
    assert place.run(VERSION) == [("9999",)]
    assert place.run("SELECT id FROM keys") == [("seal",)]
    # The refusal gave the locks back.
    place.run(f"UPDATE alembic_version SET version_num = '{version}'")  # noqa: S608
    place.open().close()


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_an_older_database_is_brought_up_to_date_with_what_is_in_it(
    place: Place, make_key: MakeKey, revision: str
) -> None:
    keys = [make_key("a"), make_key("b", state=KeyState.DISABLED)]
    make_layout(place, revision, keys)
    assert place.run(VERSION) == [(revision,)]
    database = place.open()
    assert place.run(VERSION) == [(ScriptDirectory(SCRIPTS).get_current_head(),)]
    assert database.keys.all() == keys
    assert database.bindings.serial("hsm1") == ("" if revision == "0001" else "00a1")
    database.close()


def test_a_migration_that_fails_leaves_nothing_behind(place: Place) -> None:
    place.folder.mkdir(mode=0o700)
    # The second migration fails, after the first one has made its table.
    place.run("CREATE TABLE token_bindings (id TEXT)")
    with pytest.raises(StateError, match="cannot be used as a database"):
        place.open()
    assert place.run(TABLES[place.kind]) == [("token_bindings",)]


def test_a_daemon_waits_for_the_migration_of_another(shared: SharedPlace) -> None:
    number = lock_number("migration", "")
    with shared.server.session(shared.name) as other, ThreadPoolExecutor(1) as threads:
        other.execute("SELECT pg_advisory_lock(%s)", [number])
        opening = threads.submit(shared.open)
        shared.await_waiting()
        assert not opening.done()
        assert shared.run(TABLES["postgresql"]) == []
        other.execute("SELECT pg_advisory_unlock(%s)", [number])
        opening.result(30).close()
