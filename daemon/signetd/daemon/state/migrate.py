"""Brings a database to the layout that this version of the daemon knows."""

from typing import Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from signetd.daemon.state.errors import StateError, cause
from signetd.daemon.state.locks import hold_lock

HEAD: Final = "0004"
"""The newest of migrations/versions."""
_HEAD: Final = "head"
_VERSION: Final = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def migrate(engine: Engine, name: str, advice: str, target: str = _HEAD) -> None:
    """Run the missing migrations up to *target*, all or none.

    Of several daemons that start at once, one does it and the others wait for it. Raises
    StateError for a newer database, and for one that cannot be used: it begins with the *name* of
    the database and ends with the *advice*.
    """
    try:
        with engine.begin() as connection:
            hold_lock(connection, "migration", "")
            if target == _HEAD and _revisions(connection) == [HEAD]:
                return
            # Nearly every start ends above: Alembic takes 50 ms to load, and 9 MiB for good.
            from signetd.daemon.state.upgrade import upgrade

            upgrade(connection, name, target)
    except SQLAlchemyError as error:
        raise StateError(f"{name} cannot be used as a database: {cause(error)}. {advice}") from None


def _revisions(connection: Connection) -> list[str]:
    """Return what Alembic has written down in the database, if anything."""
    if not inspect(connection).has_table(_VERSION.name):
        return []
    return list(connection.scalars(select(_VERSION.c.version_num)))
