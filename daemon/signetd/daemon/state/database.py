"""What the daemon remembers: the database, and what lies beside it in the state folder."""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import Connection, Engine

from signetd.daemon.config import Database as DatabaseConfig
from signetd.daemon.pins.hashing import KEY_BYTES
from signetd.daemon.state import files
from signetd.daemon.state.access import AccessStore
from signetd.daemon.state.approvals import ApprovalStore
from signetd.daemon.state.audit import AuditStore
from signetd.daemon.state.engine import open_postgres, open_sqlite
from signetd.daemon.state.errors import explained
from signetd.daemon.state.keys import KeyStore
from signetd.daemon.state.pin_attempts import PinAttemptStore
from signetd.daemon.state.seals import SealStore
from signetd.daemon.state.secret import keep_secret
from signetd.daemon.state.token_bindings import TokenBindingStore
from signetd.daemon.state.trust_lists import TrustListStore
from signetd.daemon.state.usage import UsageStore

if TYPE_CHECKING:
    from signetd.daemon.state.hold import NameHold

LOCK_NAME: Final = "signetd.lock"
PIN_GUARD_KEY_NAME: Final = "pin-guard.key"

_Result = TypeVar("_Result")


class Database:
    """All that the daemon remembers, a store for each subject.

    ``pin_guard_key`` is the key under which PINs are hashed; it is not in the database. Owns the
    engine, the descriptor of the lock, and the hold of the daemon's name, until ``close``.
    """

    def __init__(
        self, engine: Engine, lock: int, pin_guard_key: bytes, hold: "NameHold | None" = None
    ) -> None:
        self.keys = KeyStore(engine)
        self.access = AccessStore(engine)
        self.usage = UsageStore(engine)
        self.approvals = ApprovalStore(engine)
        self.seals = SealStore(engine)
        self.trust_lists = TrustListStore(engine)
        self.pins = PinAttemptStore(engine)
        self.bindings = TokenBindingStore(engine)
        self.pin_guard_key = pin_guard_key
        self._engine = engine
        self._hold = hold
        self._lock: int | None = lock

    def audit(self, chain: str) -> AuditStore:
        """Return the records of the chain of this name."""
        return AuditStore(self._engine, chain)

    @property
    def lost(self) -> str | None:
        """A sentence when another daemon has this one's name in the database; None while not.

        Nothing can be read or written from then on: the daemon should end.
        """
        return None if self._hold is None else self._hold.lost

    @contextmanager
    def transaction(self, what: str) -> Iterator[Connection]:
        """Read and write in one transaction, which is durable when this has ended well; blocks.

        SQLite: BEGIN IMMEDIATE, the database to itself. PostgreSQL: READ COMMITTED; what must not
        change between reading and writing needs ``locks.hold_lock``, a statement that may fail
        needs ``begin_nested``, and a pause of two ``call_timeout`` ends the transaction. Raises
        SignetError INTERNAL, a sentence that begins with *what*. When the connection broke at the
        very end, it is not known whether all or nothing was done.
        """
        with explained(what), self._engine.begin() as connection:
            yield connection

    async def run(self, what: str, work: Callable[[Connection], _Result]) -> _Result:
        """Run *work* in a ``transaction``, in a thread."""

        def in_thread() -> _Result:
            with self.transaction(what) as connection:
                return work(connection)

        return await asyncio.to_thread(in_thread)

    def close(self) -> None:
        """Close the database and give the locks back; a second call does nothing."""
        self._engine.dispose()
        if self._hold is not None:
            self._hold.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def open_database(
    folder: Path,
    config: DatabaseConfig | None = None,
    *,
    name: str = "signetd",
    on_lost: Callable[[str], None] | None = None,
) -> Database:
    """Open the database of *config*, up to date, and the state *folder* (0700, its files 0600).

    Without ``config.url`` it is SQLite in ``folder/signetd.db``. In PostgreSQL, *name* is this
    daemon's; *on_lost* is called in a thread, with a sentence, when another daemon got that name.
    What was written survives a power cut. One process at a time uses a folder, and a name.
    Raises StateError: not usable, used by another daemon, or newer than this code.
    """
    config = config or DatabaseConfig()
    files.prepare_folder(folder)
    lock = files.lock(folder / LOCK_NAME)
    try:
        key = keep_secret(folder / PIN_GUARD_KEY_NAME, KEY_BYTES)
        if config.url is None:
            return Database(open_sqlite(folder, config), lock, key)
        engine, hold = open_postgres(config, name, on_lost or _ignore)
        return Database(engine, lock, key, hold)
    except BaseException:
        os.close(lock)
        raise


def _ignore(reason: str) -> None:
    """Nobody wants to be called: ``Database.lost`` tells the same."""
