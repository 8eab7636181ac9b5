"""Connections to a PostgreSQL server, each step of which has a deadline."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import PendingRollbackError

from signetd.daemon.config import PostgresUrl
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.password import read_password

_PAUSES: Final = (0.1, 0.3, 0.9)  # before connecting again: a server that restarts is soon back
_MARGIN: Final = 2.0  # The server's own deadline comes first: its error says what was cut short.
_SECONDS_OF_SILENCE: Final = 5  # then the other side is asked, three times, whether it is there


class BoundedConnection(psycopg.Connection[TupleRow]):
    """A connection that is closed when the server, or the way to it, is silent for too long.

    The server's own statement_timeout cannot help then. `seconds` is the most for each wait.
    """

    seconds: float = 10.0 + _MARGIN

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Run one exchange with the server; OperationalError when it has no end in time."""
        try:
            return super().wait(gen, interval, self.seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.info.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.close()
        raise psycopg.OperationalError(
            f"the server did not answer within {self.seconds:g} seconds; the connection was closed"
        )


@dataclass(frozen=True)
class Server:
    """Which database, as whom: `seconds` is the deadline of each step, `name` the daemon's.

    The password is in none of its fields: it is read from its file for each connection.
    """

    url: PostgresUrl
    name: str
    password_file: Path | None
    seconds: float

    def patient(self, seconds: float) -> Self:
        """Return the same with another deadline."""
        return type(self)(self.url, self.name, self.password_file, seconds)

    def connect(self) -> BoundedConnection:
        """Connect, a few times if need be; raises psycopg.OperationalError."""
        end = time.monotonic() + self.seconds
        for pause in _PAUSES:
            try:
                return self._connect()
            except psycopg.OperationalError:
                if time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
        return self._connect()

    def _connect(self) -> BoundedConnection:
        parameters = self._parameters()
        if self.password_file is not None:
            parameters["password"] = _password(self.password_file)
        # A prepared statement would break when another daemon changes the layout.
        connection = BoundedConnection.connect(prepare_threshold=None, **parameters)
        connection.seconds = self.seconds + _MARGIN
        return connection

    def _parameters(self) -> dict[str, Any]:
        url = self.url
        return {
            "user": url.user,
            "host": url.host,
            "port": url.port or None,
            "dbname": url.database,
            "application_name": f"signetd {self.name}"[:63],
            "client_encoding": "utf8",
            "connect_timeout": max(2, math.ceil(self.seconds)),
            "options": _session(self.seconds),
            "gssencmode": "disable",
            "target_session_attrs": "read-write",
            "keepalives_idle": _SECONDS_OF_SILENCE,
            "keepalives_interval": _SECONDS_OF_SILENCE,
            "keepalives_count": 3,
            # Without it a password goes to whoever answers, and what comes back is anyone's.
            "sslmode": "disable" if url.is_local else "verify-full",
            **dict(url.options),
        }


def _password(file: Path) -> str:
    try:
        return read_password(file)
    except StateError as error:
        raise psycopg.OperationalError(str(error)) from None


def _session(seconds: float) -> str:
    """The settings of a session, which come before those of the server, database and user."""
    milliseconds = max(1, round(seconds * 1000))
    settings = {
        # A commit is on the disk when it returns, whatever the server's default is.
        "synchronous_commit": "on",
        "statement_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds * 2,
        # A session whose daemon is cut off must let go of its locks.
        "tcp_keepalives_idle": _SECONDS_OF_SILENCE,
        "tcp_keepalives_interval": _SECONDS_OF_SILENCE,
        "tcp_keepalives_count": 3,
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def make_engine(server: Server, pool: int, check: Callable[[], None] | None = None) -> Engine:
    """Make an engine of at most *pool* connections, none of which is kept with 0.

    *check* is called before each new connection, and may raise psycopg.OperationalError.
    A connection that broke while it was idle is replaced before it is used.
    """
    kept: dict[str, Any] = {
        "poolclass": QueuePool,
        "pool_size": pool,
        "max_overflow": 0,
        "pool_timeout": server.seconds,
        "pool_pre_ping": True,
    }
    engine = create_engine(
        URL.create("postgresql+psycopg"),
        # What is written must not come out in an error: a hash of a PIN is part of it.
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        use_native_hstore=False,
        **(kept if pool else {"poolclass": NullPool}),
    )

    def connect(*_: object) -> BoundedConnection:
        if check is not None:
            check()
        return server.connect()

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "commit", _refuse_failed)
    return engine


def _refuse_failed(connection: Connection) -> None:
    """PostgreSQL undoes a transaction with a failed statement at its commit, and calls it done."""
    driver: Any = connection.connection.dbapi_connection
    if driver.info.transaction_status == TransactionStatus.INERROR:
        raise PendingRollbackError("a statement of this transaction failed: it cannot be committed")
