"""Tells those who watch the tokens of every change; the slow ones delay nothing and nobody."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from signetd.api.v1.token_service_pb2 import WatchTokensResponse
from signetd.daemon.rpc import convert
from signetd.daemon.rpc.admission import Shares, overloaded
from signetd.daemon.rpc.token_messages import ShownToken, TokenMessages
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import Transition

QUEUE: Final = 256
"""Changes that wait for a watcher to read them, at most."""
_RETRY_SECONDS: Final = 5.0  # watchers come and go slowly


class _Watcher:
    """One who watches, and what waits to be read."""

    def __init__(self, names: Collection[str], first: list[WatchTokensResponse]) -> None:
        self.names = names
        self._waiting = deque(first)
        self._limit = len(first) + QUEUE
        self._end: SignetError | None = None
        self._news = asyncio.Event()

    def tell(self, change: WatchTokensResponse) -> None:
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

    async def next(self) -> WatchTokensResponse:
        """Wait for the next change; raises what the watch was ended with."""
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()


class Watchers:
    """Takes the tokens' transitions, and serves at most *limit* watchers, shared between clients.

    *tokens* may be filled after this was made, before the first one is watched.
    """

    def __init__(
        self, tokens: Mapping[str, ShownToken], messages: TokenMessages, limit: int
    ) -> None:
        self._tokens = tokens
        self._messages = messages
        self._shares = Shares(limit)
        self._watchers: set[_Watcher] = set()
        self._closed = False

    def publish(self, transition: Transition) -> None:
        """Tell the watchers of a transition, with the token as it is at this moment."""
        wanted = [each for each in self._watchers if transition.token in each.names]
        if wanted:
            change = self._change(transition)
            for watcher in wanted:
                watcher.tell(change)

    async def watch(
        self, client: str, names: Collection[str]
    ) -> AsyncGenerator[WatchTokensResponse]:
        """Yield each of the tokens *names* as it is, then their changes; ends only with an error.

        Raises OVERLOADED when there are too many watchers, or this one reads too slowly, and
        SHUTTING_DOWN.
        """
        with self._entered(client, names) as watcher:
            while True:
                yield await watcher.next()

    def close(self) -> None:
        """End all watches, and let nobody in any more: the daemon stops."""
        self._closed = True
        for watcher in self._watchers:
            watcher.end(_stopping())

    @contextmanager
    def _entered(self, client: str, names: Collection[str]) -> Iterator[_Watcher]:
        if self._closed:
            raise _stopping()
        if not self._shares.has_room(client):
            raise self._too_many(client)
        # Nothing can change between these two lines: there is no await.
        watcher = _Watcher(names, [self._first(self._tokens[name]) for name in sorted(names)])
        self._watchers.add(watcher)
        self._shares.take(client)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            self._shares.give_back(client)

    def _first(self, token: ShownToken) -> WatchTokensResponse:
        status = token.status
        return WatchTokensResponse(
            token=self._messages.write(token, status), change_time=convert.timestamp(status.since)
        )

    def _change(self, transition: Transition) -> WatchTokensResponse:
        after = transition.after
        return WatchTokensResponse(
            token=self._messages.write(self._tokens[transition.token], after),
            previous_state=convert.token_state_number(transition.before.state),
            change_time=convert.timestamp(after.since),
        )

    def _too_many(self, client: str) -> SignetError:
        return overloaded(
            f"{client!r} has {self._shares.taken(client)} watches, and of the {self._shares.limit} "
            "in all (limits.watchers) no more can be left to one client. End one of them first.",
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
