"""A ledger in memory, for tests of what is written into the real one."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from signetd.daemon.audit.types import Entry, Written
from signetd.drivers.errors import SignetError

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class MemoryLedger:
    """Keeps the entries. With an engine, effects are made in a transaction of it, as they must be.

    `failure` is raised by every call while it is set. Limits are not looked at.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self.entries: list[Entry] = []
        self.failure: SignetError | None = None
        self._engine = engine

    def check(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def write(self, entry: Entry) -> Written:
        self.check()
        moment = START + timedelta(seconds=len(self.entries))
        if entry.effects:
            assert self._engine is not None, "give the MemoryLedger an engine for effects"
            with self._engine.begin() as connection:
                for effect in entry.effects:
                    effect(connection, moment)
        self.entries.append(entry)
        return Written(number=len(self.entries), time=moment)
