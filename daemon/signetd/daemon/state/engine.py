"""Opens the database that the configuration names, SQLite or PostgreSQL, brought up to date."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine

from signetd.daemon.config import Database as DatabaseConfig
from signetd.daemon.state import files, sqlite
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.migrate import migrate

if TYPE_CHECKING:
    from signetd.daemon.state.hold import NameHold

DATABASE_NAME: Final = "signetd.db"


def open_sqlite(folder: Path, config: DatabaseConfig) -> Engine:
    """Open ``folder/signetd.db``, made with mode 0600 if it is missing; raises StateError."""
    file = folder / DATABASE_NAME
    files.prepare_file(file)
    engine = sqlite.make_engine(file, config.call_timeout)
    try:
        migrate(engine, str(file), "Restore a backup, or move it away.")
    except BaseException:
        engine.dispose()
        raise
    return engine


def open_postgres(
    config: DatabaseConfig, name: str, on_lost: Callable[[str], None]
) -> "tuple[Engine, NameHold]":
    """Do what ``shared.open_shared`` does; StateError also when its driver is not installed."""
    try:
        from signetd.daemon.state.shared import open_shared
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "signetd":
            raise  # a part of our own is missing
        raise StateError(
            f"The package {error.name} is missing, which PostgreSQL needs: "
            "pip install 'signetd[daemon,postgresql]'"
        ) from None
    return open_shared(config, name, on_lost)
