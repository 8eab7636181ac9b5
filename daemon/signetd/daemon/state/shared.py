"""Opens a PostgreSQL database for one of the daemons that share it."""

from collections.abc import Callable
from typing import Final

import psycopg
from sqlalchemy import Engine

from signetd.daemon.config import Database as DatabaseConfig
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.hold import NameHold
from signetd.daemon.state.migrate import migrate
from signetd.daemon.state.postgres import Server, make_engine

_MIGRATION_SECONDS: Final = 600.0
_ADVICE: Final = "Check [database] in the configuration, and the server."


def open_shared(
    config: DatabaseConfig, name: str, on_lost: Callable[[str], None]
) -> tuple[Engine, NameHold]:
    """Hold the daemon's *name* in the database of ``config.url``, and bring it up to date.

    *on_lost* is called in a thread, with a sentence, when another daemon got the name; the engine
    gives no connection then. Raises StateError.
    """
    if config.url is None:
        raise ValueError("there is no server without a url")
    server = Server(config.url, name, config.password_file, config.call_timeout)

    def lose(reason: str) -> None:
        engine.dispose()
        on_lost(reason)

    hold = NameHold(server, lose)
    engine = make_engine(server, config.pool, hold.confirm)
    _take(hold, server)
    try:
        _migrate(server)
    except BaseException:
        hold.close()
        raise
    return engine, hold


def _take(hold: NameHold, server: Server) -> None:
    try:
        hold.take()
    except psycopg.Error as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StateError(
            f"The database {server.url} cannot be used: {reason.rstrip('.')}. {_ADVICE}"
        ) from None


def _migrate(server: Server) -> None:
    # A migration may take longer than any other statement, or wait for another daemon's.
    engine = make_engine(server.patient(_MIGRATION_SECONDS), 0)
    try:
        migrate(engine, f"The database {server.url}", _ADVICE)
    finally:
        engine.dispose()
