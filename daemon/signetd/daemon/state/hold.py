"""The name of a daemon, held in a shared database while the daemon lives."""

import threading
import time
from collections.abc import Callable
from typing import Final

import psycopg
import structlog

from signetd.daemon.state.errors import StateError
from signetd.daemon.state.locks import lock_number
from signetd.daemon.state.postgres import BoundedConnection, Server

_TAKE_SECONDS: Final = 1.0  # The server notices the end of a crashed daemon in less.
_CHECK_SECONDS: Final = 1.0
_GRACE_SECONDS: Final = 30.0
"""So long the name may seem to be another's, after the connection broke: until the server gives up
our own old session, which it may do only after three unanswered questions of 5 seconds each."""

_log = structlog.get_logger("signetd.state")


class NameHold:
    """Holds the name with a lock of a session of its own, and takes it again when that breaks.

    `lost` becomes a sentence, and `on_lost` is called with it once (in a thread of the hold), when
    another daemon has the name for good. No new connection passes `confirm` from then on.
    """

    def __init__(self, server: Server, on_lost: Callable[[str], None]) -> None:
        self.lost: str | None = None
        self._server = server
        self._number = lock_number("daemon", server.name)
        self._on_lost = on_lost
        self._refused_since: float | None = None
        self._turn = threading.Lock()
        self._ending = threading.Event()
        self._connection: BoundedConnection | None = None
        self._watcher = threading.Thread(target=self._watch, name="name-hold", daemon=True)

    def take(self) -> None:
        """Take the name and watch over it; StateError when another daemon has it.

        Raises psycopg.OperationalError when the server cannot be reached.
        """
        end = time.monotonic() + _TAKE_SECONDS
        while not self._try():
            if time.monotonic() > end:
                raise StateError(self._taken())
            time.sleep(_TAKE_SECONDS / 10)
        self._watcher.start()

    def confirm(self) -> None:
        """Return while the name is ours; if the session broke, take the name again first.

        Raises psycopg.OperationalError when it cannot be had.
        """
        with self._turn:
            if self.lost is not None:
                raise psycopg.OperationalError(self.lost)
            if not self._is_alive() and not self._try():
                raise psycopg.OperationalError(self._taken())

    def close(self) -> None:
        """Give the name back; a second call does nothing."""
        self._ending.set()
        if self._watcher.ident is not None:
            self._watcher.join(self._server.seconds)
        self._drop()

    def _try(self) -> bool:
        connection = self._server.connect()
        try:
            connection.autocommit = True
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", [self._number]).fetchone()
        except BaseException:
            connection.close()
            raise
        if row is None or not row[0]:
            connection.close()
            return False
        self._connection = connection
        return True

    def _is_alive(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            self._drop()
            _log.warning("connection to the database broke", detail=str(error).splitlines()[0])
            return False
        return True

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _watch(self) -> None:
        while self.lost is None and not self._ending.wait(_CHECK_SECONDS):
            self._look()

    def _look(self) -> None:
        try:
            with self._turn:
                ours = self._is_alive() or self._try()
        except psycopg.OperationalError:
            return  # Nobody can be told to have the name by a server that does not answer.
        now = time.monotonic()
        if ours:
            self._refused_since = None
        elif self._refused_since is None:
            self._refused_since = now
        if self._refused_since is not None and now - self._refused_since >= _GRACE_SECONDS:
            self.lost = self._taken()
            self._on_lost(self.lost)

    def _taken(self) -> str:
        return (
            f"Another signetd with the name {self._server.name!r} uses the database "
            f"{self._server.url}. Stop that one, or give this one a name of its own "
            "(name in [daemon])."
        )
