"""The entries that wait to be written, and when there are enough of them for a transaction."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from signetd.daemon.audit.group import Outcome
from signetd.daemon.audit.types import Entry, Written
from signetd.drivers.errors import Reason, SignetError

_GATHER: Final = 0.012
_GATHER_EACH: Final = 0.001
"""Seconds between the begins of two groups at most, and for each entry of the one before."""
_ENOUGH: Final = 32
"""Entries that are written at once, without waiting for more."""
_QUIET: Final = 0.002
"""Seconds without a further entry after which no more is waited for."""
Waiter = tuple[Entry, "asyncio.Future[Written]"]


class Waiting:
    """Entries with the futures of their writers: at most *limit*, in groups of at most *group*."""

    def __init__(self, limit: int, group: int) -> None:
        self._limit, self._group = limit, group
        self._waiters: deque[Waiter] = deque()
        self._enough = asyncio.Event()
        self._begun, self._size = 0.0, 0  # of the last group
        self.news = asyncio.Event()
        """Set when there is an entry, or when it is closed."""
        self.closed = False

    def __len__(self) -> int:
        return len(self._waiters)

    def check(self) -> None:
        """Raise AUDIT_UNAVAILABLE if as many wait as may."""
        if len(self._waiters) >= self._limit:
            raise SignetError(
                Reason.AUDIT_UNAVAILABLE,
                f"{self._limit} records wait to be written into the audit, as many as may. Try "
                "again soon, and see whether the disk is slow.",
                retry_after=1.0,
            )

    def put(self, entry: Entry) -> "asyncio.Future[Written]":
        """Add an entry; return the future of its outcome, which may be cancelled without effect."""
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiters.append((entry, future))
        self.news.set()
        if len(self._waiters) >= _ENOUGH:
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
        while (left := end - time.monotonic()) > 0 and seen < len(self._waiters) < _ENOUGH:
            if self.closed:
                return
            seen = len(self._waiters)
            self._enough.clear()
            timer = loop.call_later(min(left, _QUIET), self._enough.set)
            await self._enough.wait()
            timer.cancel()

    def take(self) -> list[Waiter]:
        """Take the next group out."""
        self._begun = time.monotonic()
        size = min(len(self._waiters), self._group)
        self._size = size if size > 1 else 0
        return [self._waiters.popleft() for _ in range(size)]

    def take_all(self) -> list[Waiter]:
        """Take everything out."""
        waiters = list(self._waiters)
        self._waiters.clear()
        return waiters


def tell(waiters: Sequence[Waiter], outcomes: Sequence[Outcome]) -> None:
    """Tell the writers what became of their entries."""
    for (_, future), outcome in zip(waiters, outcomes, strict=True):
        if future.done():  # its writer has gone
            continue
        if isinstance(outcome, Written):
            future.set_result(outcome)
        else:
            future.set_exception(outcome)
