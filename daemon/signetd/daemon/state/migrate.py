"""Brings a database to the layout that this version of the daemon knows."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from signetd.daemon.state.errors import StateError, cause
from signetd.daemon.state.locks import hold_lock

_MIGRATIONS = "signetd.daemon.state:migrations"


def migrate(engine: Engine, name: str, advice: str, target: str = "head") -> None:
    """Run the missing migrations up to *target*, all or none.

    Of several daemons that start at once, one does it and the others wait for it. Raises
    StateError for a newer database, and for one that cannot be used: it begins with the *name* of
    the database and ends with the *advice*.
    """
    try:
        with engine.begin() as connection:
            hold_lock(connection, "migration", "")
            config = _config(connection)
            _refuse_newer(connection, ScriptDirectory.from_config(config), name)
            command.upgrade(config, target)
    except SQLAlchemyError as error:
        raise StateError(f"{name} cannot be used as a database: {cause(error)}. {advice}") from None


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, name: str) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    if not found <= known:
        raise StateError(
            f"{name} was written by a newer version of signetd (its layout is "
            f"{', '.join(sorted(found - known))}; this version knows "
            f"{', '.join(sorted(known))}). Install that version, or restore a backup."
        )
