"""The entries that wait to be written, and when there are enough of them for a transaction."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from signetd.daemon.audit.types import Entry, Outcome
from signetd.drivers.errors import Reason, SignetError

_GATHER: Final = 0.004
_GATHER_EACH: Final = 0.001
"""Seconds between the begins of two groups at most, and for each entry of the one before."""
_ENOUGH: Final = 32
"""Entries that are written at once, without waiting for more."""
_QUIET: Final = 0.002
"""Seconds without a further entry after which no more is waited for."""
Waiter = tuple[Sequence[Entry], "asyncio.Future[list[Outcome]]"]


class Waiting:
    """Entries with the futures of their writers: at most *limit*, in groups of about *group*.

    What one writer has put together stays together, so a group, and what waits, may be more.
    """

    def __init__(self, limit: int, group: int) -> None:
        self._limit, self._group = limit, group
        self._waiters: deque[Waiter] = deque()
        self._count = 0
        self._enough = asyncio.Event()
        self._begun, self._size = 0.0, 0  # of the last group
        self.news = asyncio.Event()
        """Set when there is an entry, or when it is closed."""
        self.closed = False

    def __len__(self) -> int:
        return self._count

    def check(self) -> None:
        """Raise AUDIT_UNAVAILABLE if as many wait as may."""
        if self._count >= self._limit:
            raise SignetError(
                Reason.AUDIT_UNAVAILABLE,
                f"{self._limit} records wait to be written into the audit, as many as may. Try "
                "again soon, and see whether the disk is slow.",
                retry_after=1.0,
            )

    def put(self, entries: Sequence[Entry]) -> "asyncio.Future[list[Outcome]]":
        """Add entries; return the future of their outcomes, which may be cancelled."""
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiters.append((entries, future))
        self._count += len(entries)
        self.news.set()
        if self._count >= _ENOUGH:
            self._enough.set()
        return future

    def close(self) -> None:
        """Wait for nothing more."""
        self.closed = True
        self.news.set()
        self._enough.set()

    async def gather(self) -> None:
        """Wait for some more entries, if that is worth it.

        A transaction costs as much as the writing of dozens of records. So under load it pays to
        wait, the longer the more came the last time; one that comes alone never waits, and once
        all who write have come, nobody waits for more.
        """
        loop, seen = asyncio.get_running_loop(), 0
        end = self._begun + min(_GATHER, self._size * _GATHER_EACH)
        while (left := end - time.monotonic()) > 0 and seen < self._count < _ENOUGH:
            if self.closed:
                return
            seen = self._count
            self._enough.clear()
            timer = loop.call_later(min(left, _QUIET), self._enough.set)
            await self._enough.wait()
            timer.cancel()

    def take(self) -> list[Waiter]:
        """Take the next group out."""
        self._begun = time.monotonic()
        taken: list[Waiter] = []
        size = 0
        while self._waiters and (not taken or size + len(self._waiters[0][0]) <= self._group):
            taken.append(self._waiters.popleft())
            size += len(taken[-1][0])
        self._count -= size
        self._size = size if size > 1 else 0
        return taken

    def take_all(self) -> list[Waiter]:
        """Take everything out."""
        waiters = list(self._waiters)
        self._waiters.clear()
        self._count = 0
        return waiters


def tell(waiters: Sequence[Waiter], outcomes: Sequence[Outcome]) -> None:
    """Tell the writers what became of their entries."""
    start = 0
    for entries, future in waiters:
        end = start + len(entries)
        if not future.done():  # else its writer has gone
            future.set_result(list(outcomes[start:end]))
        start = end


def fail(waiter: Waiter, error: SignetError) -> None:
    """Tell a writer that nothing of its entries was written."""
    if not waiter[1].done():
        waiter[1].set_exception(error)
