"""Brings a database to the layout that this version of the daemon knows."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from signetd.daemon.state.errors import StateError

_MIGRATIONS = "signetd.daemon.state:migrations"


def migrate(engine: Engine, file: Path) -> None:
    """Run the missing migrations, all or none; raises StateError for a newer database.

    *file* is named in the error.
    """
    with engine.begin() as connection:
        config = _config(connection)
        _refuse_newer(connection, ScriptDirectory.from_config(config), file)
        command.upgrade(config, "head")


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, file: Path) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    if not found <= known:
        raise StateError(
            f"{file} was written by a newer version of signetd (its layout is "
            f"{', '.join(sorted(found - known))}; this version knows "
            f"{', '.join(sorted(known))}). Install that version, or restore a backup of the file."
        )
