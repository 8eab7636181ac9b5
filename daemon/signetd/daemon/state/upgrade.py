"""Runs the migrations by Alembic; read only where a database may need some (see migrate)."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from signetd.daemon.state.errors import StateError

_MIGRATIONS = "signetd.daemon.state:migrations"


def upgrade(connection: Connection, name: str, target: str) -> None:
    """Run the missing migrations up to *target*; StateError for a newer database."""
    config = _config(connection)
    _refuse_newer(connection, ScriptDirectory.from_config(config), name)
    command.upgrade(config, target)


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
