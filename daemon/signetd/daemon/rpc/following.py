"""Sends records as they come to those who follow them; each reads at a pace of its own."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Final

from signetd.daemon.audit.chain import Place
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.rpc.admission import Shares, overloaded
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError

_PAGE: Final = 100
_RETRY_SECONDS: Final = 5.0


class Followers:
    """Serves at most *limit* followers, shared between clients.

    What they have not read yet waits in the database, so that nothing piles up for a slow one;
    one that reads nothing is ended by the stream itself.
    """

    def __init__(self, ledger: GroupLedger, store: AuditStore, limit: int) -> None:
        self._ledger, self._store = ledger, store
        self._shares = Shares(limit)
        self._news: set[asyncio.Event] = set()
        self._closed = False
        ledger.on_written(self._tell)

    async def follow(self, client: str, first: int) -> AsyncGenerator[bytes]:
        """Yield the bytes of the records from *first* on (0: the next one); ends with an error.

        Raises OVERLOADED when there are too many, AUDIT_RANGE_WRONG for records that are not there
        any more, and SHUTTING_DOWN.
        """
        with self._entered(client) as news:
            wanted = first or self._ledger.tail.number + 1
            while True:
                news.clear()
                bodies = await self._read(wanted)
                for body in bodies:
                    self._check_open()
                    yield body
                wanted += len(bodies)
                if not bodies:
                    await news.wait()
                self._check_open()

    def close(self) -> None:
        """End all, and let nobody in any more: the daemon stops."""
        self._closed = True
        for news in self._news:
            news.set()

    async def _read(self, first: int) -> list[bytes]:
        begin = (await asyncio.to_thread(self._store.facts)).first
        if first < begin:
            raise SignetError(
                Reason.AUDIT_RANGE_WRONG,
                f"The record {first} is not there any more: the audit begins with {begin}. Look "
                "for it in an export.",
                metadata={"first": str(begin)},
            )
        return await asyncio.to_thread(self._store.bodies, first, None, _PAGE)

    def _tell(self, tail: Place) -> None:
        for news in self._news:
            news.set()

    def _check_open(self) -> None:
        if self._closed:
            raise SignetError(
                Reason.SHUTTING_DOWN, "The daemon stops; begin to follow again when it is back."
            )

    @contextmanager
    def _entered(self, client: str) -> Iterator[asyncio.Event]:
        self._check_open()
        if not self._shares.has_room(client):
            raise self._too_many(client)
        news = asyncio.Event()
        self._shares.take(client)
        self._news.add(news)
        try:
            yield news
        finally:
            self._news.discard(news)
            self._shares.give_back(client)

    def _too_many(self, client: str) -> SignetError:
        return overloaded(
            f"{client!r} follows the audit {self._shares.taken(client)} times, and of the "
            f"{self._shares.limit} in all (limits.watchers) no more can be left to one client. End "
            "one of them first.",
            "watchers",
            _RETRY_SECONDS,
        )
