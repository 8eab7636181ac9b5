"""The ledger: many write at once, and what waits is written together (group commit)."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from signetd.daemon.audit import opening
from signetd.daemon.audit.chain import Place
from signetd.daemon.audit.group import Clock, GroupWriter, utc_now
from signetd.daemon.audit.health import Health, cause_of, is_passing
from signetd.daemon.audit.thread import OneThread
from signetd.daemon.audit.types import Entry, Event, Kind, Outcome, Written
from signetd.daemon.audit.waiting import Waiter, Waiting, fail, tell
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError

QUEUE: Final = 16_384
"""Entries that wait, at most."""
GROUP: Final = 512
"""Entries in one transaction, at most."""
_AGAIN: Final = 5
"""How often a transaction is begun anew that was broken off from outside."""


class GroupLedger:
    """Writes entries durably into one chain; used from one event loop.

    Begins with ``load`` and ends with ``close``. Its transactions run in a thread of its own, one
    at a time; while one runs, the next entries gather. ``on_change`` is told why nothing can be
    written, and "" when it can again. ``probe_seconds`` are the first and the longest wait between
    two tries to write again.
    """

    def __init__(
        self,
        store: AuditStore,
        *,
        clock: Clock = utc_now,
        on_change: Callable[[str], None] | None = None,
        queue: int = QUEUE,
        group: int = GROUP,
        probe_seconds: tuple[float, float] = (0.2, 5.0),
    ) -> None:
        self._store = store
        self._writer = GroupWriter(store, clock)
        self._health = Health(on_change, *probe_seconds)
        self._waiting = Waiting(queue, group)
        self._task: asyncio.Task[None] | None = None
        self._thread = OneThread("audit")
        self._listeners: list[Callable[[Place], None]] = []

    @property
    def failure(self) -> str:
        """Why nothing can be written; "" when all is well."""
        return self._health.failure

    @property
    def tail(self) -> Place:
        """Where the last record is that is durably written."""
        return self._writer.tail

    def on_written(self, listener: Callable[[Place], None]) -> None:
        """Have *listener* called with the tail whenever records were written."""
        self._listeners.append(listener)

    async def load(self, version: str) -> None:
        """Check what is there, go on with it, and write that the daemon of *version* starts.

        Raises StateError when the chain's end or its counters are not as they were left, and
        SignetError when the database does not work.
        """
        self._writer.tail = await self._thread.do(partial(opening.open_chain, self._store))
        self._task = asyncio.create_task(self._run(), name="audit")
        event = Event(kind=Kind.START, operation="start", allowed=True, result="OK", detail=version)
        await self.write(Entry(event=event))

    def check(self) -> None:
        """Raise AUDIT_UNAVAILABLE if nothing can be written now, as far as is known."""
        self._health.check()
        self._waiting.check()

    async def write(self, entry: Entry) -> Written:
        """Write *entry* durably; see Ledger. Raises SHUTTING_DOWN once it is closed."""
        (outcome,) = await self.write_many((entry,))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def write_many(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Write *entries* durably; see Ledger. Raises SHUTTING_DOWN once it is closed."""
        if self._waiting.closed or self._task is None:
            raise SignetError(Reason.SHUTTING_DOWN, "The audit is closed: the daemon stops.")
        self.check()
        if not entries:
            return []
        return await self._waiting.put(entries)

    async def close(self) -> None:
        """Write what waits, and end; a second call does nothing."""
        self._waiting.close()
        if self._task is not None:
            await self._task
        self._thread.close()

    async def _run(self) -> None:
        while self._waiting or not self._waiting.closed:
            if self._health.failure:
                await self._probe()
            elif self._waiting:
                await self._write_group()
            else:
                self._waiting.news.clear()
                await self._waiting.news.wait()
        await self._thread.do(self._store.close)

    async def _write_group(self) -> None:
        await self._waiting.gather()
        group = self._waiting.take()
        try:
            outcomes = await self._thread.do(
                partial(self._commit, [each for entries, _ in group for each in entries])
            )
        except Exception as error:  # whatever it is, it must not end the writing of the audit
            self._fail(group, error)
            return
        tell(group, outcomes)
        self._told()

    def _commit(self, entries: Sequence[Entry]) -> list[Outcome]:
        # In the thread. A COMMIT that seems to have failed may have been carried out.
        for again in range(_AGAIN, -1, -1):
            try:
                return self._writer.commit(entries)
            except Exception as error:
                outcomes = self._writer.settle() if self._writer.is_doubtful else None
                if outcomes is not None:
                    return outcomes
                if not (again and is_passing(error)):
                    raise
        raise RuntimeError("the last round ends above")

    def _fail(self, group: Sequence[Waiter], error: Exception) -> None:
        self._health.fail(cause_of(error), error)
        for waiter in (*group, *self._waiting.take_all()):
            fail(waiter, self._health.refusal())

    async def _probe(self) -> None:
        if await self._health.pause(self._waiting.news, lambda: self._waiting.closed):
            return
        event = Event(
            kind=Kind.START,
            operation="recover",
            allowed=True,
            result="OK",
            detail=self._health.failure[:500],
        )
        try:
            await self._thread.do(partial(self._writer.commit, [Entry(event=event)]))
        except Exception as error:
            self._health.fail(cause_of(error), error)
            return
        self._health.recover()
        self._told()

    def _told(self) -> None:
        for listener in self._listeners:
            listener(self._writer.tail)
