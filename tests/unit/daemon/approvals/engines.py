"""The databases that the tests of approvals run with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

from signetd.daemon.state.access_tables import METADATA


def sqlite(folder: Path) -> Engine:
    """Return a new database with the tables, whose transactions begin as the daemon's do."""
    engine = create_engine(f"sqlite+pysqlite:///{folder / 'approvals.db'}")

    def set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("busy_timeout=20000", "foreign_keys=ON", "synchronous=OFF"):
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    METADATA.create_all(engine)
    return engine


ENGINES: dict[str, Callable[[Path], Engine]] = {"sqlite": sqlite}
"""By name: what makes an empty database with the tables; the folder is for its files."""
