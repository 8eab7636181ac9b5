"""Tells those who watch approvals of what is open and of every change that they may see."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from datetime import datetime
from typing import Final

from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.rules import OPEN
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.types import Approval
from signetd.daemon.rpc.admission import Shares, overloaded
from signetd.drivers.errors import Reason, SignetError

QUEUE: Final = 256
"""Changes that wait for a watcher to read them, at most."""
_PAGE: Final = 100
_RETRY_SECONDS: Final = 5.0  # watchers come and go slowly


class _Watcher:
    """One who watches, and the changes that wait to be read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._waiting: deque[Approval] = deque()
        self._end: SignetError | None = None
        self._news = asyncio.Event()

    def tell(self, approval: Approval) -> None:
        """Add a change; when too many wait, the watch ends."""
        if len(self._waiting) >= QUEUE:
            self.end(_lagging())
        elif self._end is None:
            self._waiting.append(approval)
            self._news.set()

    def end(self, error: SignetError) -> None:
        """End the watch with *error*; what waits is not sent any more."""
        self._waiting.clear()
        self._end = self._end or error
        self._news.set()

    def check(self) -> None:
        """Raise what the watch was ended with."""
        if self._end is not None:
            raise self._end

    def waiting(self) -> list[Approval]:
        """Take everything that waits."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    async def next(self) -> Approval:
        """Wait for the next change; raises what the watch was ended with."""
        while not self._waiting:
            self.check()
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class ApprovalWatchers:
    """Passes changes on to at most *limit* watchers, shared between those who call."""

    def __init__(self, approvals: Approvals, changes: Changes, limit: int) -> None:
        self._approvals = approvals
        self._shares = Shares(limit)
        self._watchers: set[_Watcher] = set()
        self._closed = False
        changes.listen(self._publish)

    async def watch(self, viewer: str) -> AsyncGenerator[Approval]:
        """Yield what is open and *viewer* may see, then every change; ends only with an error.

        Raises OVERLOADED when there are too many watchers, or this one reads too slowly, and
        SHUTTING_DOWN.
        """
        with self._entered(viewer) as watcher:
            told: dict[str, tuple[datetime, int, bool]] = {}
            async with aclosing(self._open(viewer)) as open_ones:
                async for approval in open_ones:
                    watcher.check()
                    told[approval.id] = _age(approval)
                    yield approval
            # What changed while the open ones were read may have been read in its new state.
            for approval in watcher.waiting():
                if approval.id not in told or _age(approval) > told[approval.id]:
                    yield approval
            del told
            while True:
                yield await watcher.next()

    def close(self) -> None:
        """End all watches, and let nobody in any more: the daemon stops."""
        self._closed = True
        for watcher in self._watchers:
            watcher.end(_stopping())

    def _publish(self, approval: Approval) -> None:
        for watcher in self._watchers:
            if self._approvals.may_see(watcher.name, approval):
                watcher.tell(approval)

    async def _open(self, viewer: str) -> AsyncGenerator[Approval]:
        token = ""
        while True:
            page, token = await self._approvals.page(viewer, _PAGE, token, OPEN)
            for approval in page:
                yield approval
            if not token:
                return

    @contextmanager
    def _entered(self, viewer: str) -> Iterator[_Watcher]:
        if self._closed:
            raise _stopping()
        if not self._shares.has_room(viewer):
            raise self._too_many(viewer)
        watcher = _Watcher(viewer)
        self._watchers.add(watcher)
        self._shares.take(viewer)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._shares.give_back(viewer)

    def _too_many(self, viewer: str) -> SignetError:
        return overloaded(
            f"{viewer!r} has {self._shares.taken(viewer)} watches of approvals, and of the "
            f"{self._shares.limit} in all (limits.watchers) no more can be left to one client. End "
            "one of them first.",
            "watchers",
            _RETRY_SECONDS,
        )


def _age(approval: Approval) -> tuple[datetime, int, bool]:
    # Changes of one moment: a vote adds one, and what is final comes last.
    return approval.update_time, len(approval.votes), approval.state not in OPEN


def _lagging() -> SignetError:
    return SignetError(
        Reason.OVERLOADED,
        f"More than {QUEUE} changes waited to be read, so that some were dropped; begin the watch "
        "again, and read what comes.",
        retry_after=1.0,
    )


def _stopping() -> SignetError:
    return SignetError(
        Reason.SHUTTING_DOWN, "The daemon stops; begin the watch again when it is back."
    )
