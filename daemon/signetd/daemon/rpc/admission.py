"""How much of the daemon clients may take at once: calls and memory, shared between them."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from signetd.daemon.config import Limits
from signetd.drivers.errors import Reason, SignetError

_RETRY_SECONDS: Final = 0.5
"""When a refused call had best come again: most calls under way are done by then."""

_SENDING_BYTES: Final = 8 << 10  # about what a call costs in gRPC until its reply is taken


class Shares:
    """Shares *limit* of something between clients, none of which may have more than *each*.

    A client may take as much as is left free, at most: so there is always something left for a
    newcomer, however many others take what they can. One alone gets half, two get a third each.
    """

    def __init__(self, limit: int, each: int | None = None) -> None:
        self.limit = limit
        self.each = limit if each is None else each
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._total = 0

    def has_room(self, client: str, amount: int = 1) -> bool:
        """Whether a client may take so much more."""
        wanted = self._taken.get(client, 0) + amount
        return wanted <= self.each and wanted <= self.limit - self._total

    def taken(self, client: str) -> int:
        """Return how much a client has."""
        return self._taken.get(client, 0)

    def take(self, client: str, amount: int = 1) -> None:
        """Count *amount* for a client, whether or not there is room."""
        self._taken[client] += amount
        self._total += amount

    def give_back(self, client: str, amount: int = 1) -> None:
        """Count *amount* less."""
        self._total -= amount
        self._taken[client] -= amount
        if not self._taken[client]:
            del self._taken[client]  # clients come and go; the table stays small


class Admission:
    """Lets calls in, or refuses them at once."""

    def __init__(self, limits: Limits) -> None:
        self._calls = Shares(limits.calls, limits.calls_per_client)
        self._bytes = Shares(limits.request_mebibytes << 20)

    @contextmanager
    def call(self, client: str) -> "Iterator[Memory]":
        """Let a call of a client in, until its answer is made; raises OVERLOADED.

        The memory that it holds is not free before its `give_back` is called.
        """
        if not self._calls.has_room(client):
            raise self._too_many(client)
        self._calls.take(client)
        try:
            yield Memory(self._bytes, client)
        finally:
            self._calls.give_back(client)

    def memory(self, client: str) -> "Memory":
        """Return what counts one message of a client, of which a call may bring many."""
        return Memory(self._bytes, client)

    def _too_many(self, client: str) -> SignetError:
        shares = self._calls
        mine = shares.taken(client)
        if mine >= shares.each:
            limit, why = "calls_per_client", f"at most {shares.each} are allowed"
        else:
            limit, why = "calls", f"of the {shares.limit} in all no more can be left to one client"
        return overloaded(
            f"{client!r} has {mine} requests under way, and {why} (limits.{limit}). Wait for "
            "their answers, or try again later.",
            limit,
            _RETRY_SECONDS,
        )


class Memory:
    """The memory that one call holds: its request, and its reply until gRPC has sent it."""

    def __init__(self, shares: Shares, client: str) -> None:
        self._shares = shares
        self._client = client
        self._size = 0
        self._is_over = False

    def bring(self, size: int) -> None:
        """Count the *size* of the request in bytes; raises OVERLOADED."""
        if not self._shares.has_room(self._client, size):
            mebibytes = self._shares.limit >> 20
            mine = self._shares.taken(self._client)
            raise overloaded(
                f"The request has {size} bytes, and {self._client!r} has {mine} bytes under way; "
                f"of the {mebibytes} MiB in all (limits.request_mebibytes) no more can be left to "
                "one client. Wait for the answers and read them, or try again later.",
                "request_mebibytes",
                _RETRY_SECONDS,
            )
        self._take(size)

    def hold(self, reply: int) -> None:
        """Count the size of the reply in bytes, and what gRPC needs to send it."""
        self._take(reply + _SENDING_BYTES)

    def give_back(self) -> None:
        """Count nothing any more, now and later."""
        self._shares.give_back(self._client, self._size)
        self._size, self._is_over = 0, True

    def _take(self, size: int) -> None:
        if not self._is_over:
            self._size += size
            self._shares.take(self._client, size)


def overloaded(message: str, limit: str, retry_after: float) -> SignetError:
    """Return OVERLOADED that names an option of [limits], and says when to try again."""
    return SignetError(
        Reason.OVERLOADED, message, metadata={"limit": limit}, retry_after=retry_after
    )
