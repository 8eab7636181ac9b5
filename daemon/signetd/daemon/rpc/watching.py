"""Tells those who watch the tokens of every change; the slow ones delay nothing and nobody."""

from collections.abc import AsyncGenerator, Collection, Mapping

from signetd.api.v1.token_service_pb2 import WatchTokensResponse
from signetd.daemon.rpc import convert
from signetd.daemon.rpc.feed import Feed, Feeds
from signetd.daemon.rpc.token_messages import ShownToken, TokenMessages
from signetd.drivers.life import Transition


class _Watcher(Feed[WatchTokensResponse]):
    """One who watches, and what waits to be read."""

    def __init__(self, names: Collection[str], first: list[WatchTokensResponse]) -> None:
        super().__init__(first)
        self.names = names


class Watchers:
    """Takes the tokens' transitions, and serves at most *limit* watchers, shared between clients.

    *tokens* may be filled after this was made, before the first one is watched.
    """

    def __init__(
        self, tokens: Mapping[str, ShownToken], messages: TokenMessages, limit: int
    ) -> None:
        self._tokens = tokens
        self._messages = messages
        self._watchers: Feeds[_Watcher] = Feeds(limit, "watches")

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
        self._watchers.check(client)
        # Nothing can change between these lines: there is no await.
        first = [self._first(self._tokens[name]) for name in sorted(names)]
        with self._watchers.entered(client, _Watcher(names, first)) as watcher:
            while True:
                yield await watcher.next()

    def close(self) -> None:
        """End all watches, and let nobody in any more: the daemon stops."""
        self._watchers.close()

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
