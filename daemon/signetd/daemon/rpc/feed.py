"""What waits to be read by one who watches something, and how all such watches end."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

from signetd.daemon.rpc.admission import Shares, overloaded
from signetd.drivers.errors import Reason, SignetError

QUEUE: Final = 256
"""Changes that wait for a watcher to read them, at most."""
_RETRY_SECONDS: Final = 5.0  # watchers come and go slowly
_Item = TypeVar("_Item")
_Feed = TypeVar("_Feed", bound="Feed[Any]")


class Feed(Generic[_Item]):
    """What waits to be read; *first* is there from the beginning, besides QUEUE changes."""

    def __init__(self, first: Iterable[_Item] = ()) -> None:
        self._waiting = deque(first)
        self._limit = len(self._waiting) + QUEUE
        self._end: SignetError | None = None
        self._news = asyncio.Event()

    def tell(self, change: _Item) -> None:
        """Add a change; when too many wait, the watch ends."""
        if len(self._waiting) >= self._limit:
            self.end(_lagging())
        elif self._end is None:
            self._waiting.append(change)
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

    def waiting(self) -> list[_Item]:
        """Take everything that waits."""
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    async def next(self) -> _Item:
        """Wait for the next change; raises what the watch was ended with."""
        while not self._waiting:
            self.check()
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Feeds(Generic[_Feed]):
    """The feeds of those who watch, at most *limit*, shared between clients.

    *what* names in messages what one of them has.
    """

    def __init__(self, limit: int, what: str) -> None:
        self._shares = Shares(limit)
        self._what = what
        self._open: set[_Feed] = set()
        self._closed = False

    def __iter__(self) -> Iterator[_Feed]:
        return iter(self._open)

    def check(self, client: str) -> None:
        """Raise SHUTTING_DOWN, or OVERLOADED if *client* can have no feed more."""
        if self._closed:
            raise _stopping()
        if not self._shares.has_room(client):
            raise self._too_many(client)

    @contextmanager
    def entered(self, client: str, feed: _Feed) -> Iterator[_Feed]:
        """Serve *feed* meanwhile; after `check`, with nothing awaited in between."""
        self._open.add(feed)
        self._shares.take(client)
        try:
            yield feed
        finally:
            self._open.discard(feed)
            self._shares.give_back(client)

    def close(self) -> None:
        """End all of them, and let nobody in any more: the daemon stops."""
        self._closed = True
        for feed in self._open:
            feed.end(_stopping())

    def _too_many(self, client: str) -> SignetError:
        return overloaded(
            f"{client!r} has {self._shares.taken(client)} {self._what}, and of the "
            f"{self._shares.limit} in all (limits.watchers) no more can be left to one client. End "
            "one of them first.",
            "watchers",
            _RETRY_SECONDS,
        )


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
