"""Reading beside the one who writes."""

from typing import Any, Final

from sqlalchemy import Connection, Engine

_OPTION: Final = "signetd_reads_only"


def reader(engine: Engine) -> Engine:
    """Return an engine on the same connections whose transactions only read.

    On SQLite they take no lock that a writer waits for, and see the database as it was when they
    began.
    """
    options: dict[str, Any] = {_OPTION: True}
    return engine.execution_options(**options)


def reads_only(connection: Connection) -> bool:
    """Whether *connection* comes from a `reader`."""
    return bool(connection.get_execution_options().get(_OPTION, False))
