"""How much of the daemon clients may take at once: calls and memory, shared between them."""

from collections import defaultdict
from typing import Final

from signetd.daemon.config import Limits
from signetd.drivers.errors import Reason, SignetError

_RETRY_SECONDS: Final = 0.5
"""When a refused call had best come again: most calls under way are done by then."""


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

    def enter(self, client: str) -> "Ticket":
        """Let a call in, for which the ticket's `leave` must be called; raises OVERLOADED."""
        if not self._calls.has_room(client):
            raise self._too_many(client)
        self._calls.take(client)
        return Ticket(self._calls, self._bytes, client)

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


class Ticket:
    """What one call has taken of the daemon, until it leaves."""

    def __init__(self, calls: Shares, memory: Shares, client: str) -> None:
        self._calls = calls
        self._bytes = memory
        self._client = client
        self._size = 0
        self._left = False

    def bring(self, size: int) -> None:
        """Count the *size* of the request in bytes; raises OVERLOADED."""
        if not self._bytes.has_room(self._client, size):
            mebibytes = self._bytes.limit >> 20
            raise overloaded(
                f"The request has {size} bytes, and {self._client!r} has {self._taken()} bytes "
                f"under way; of the {mebibytes} MiB in all (limits.request_mebibytes) no more can "
                "be left to one client. Wait for the answers, or try again later.",
                "request_mebibytes",
                _RETRY_SECONDS,
            )
        self.hold(size)

    def hold(self, size: int) -> None:
        """Count *size* bytes more, such as those of the reply, which are there already."""
        if not self._left:
            self._size += size
            self._bytes.take(self._client, size)

    def leave(self) -> None:
        """Give everything back; does nothing the second time."""
        if not self._left:
            self._left = True
            self._calls.give_back(self._client)
            self._bytes.give_back(self._client, self._size)

    def _taken(self) -> int:
        return self._bytes.taken(self._client)


def overloaded(message: str, limit: str, retry_after: float) -> SignetError:
    """Return OVERLOADED that names an option of [limits], and says when to try again."""
    return SignetError(
        Reason.OVERLOADED, message, metadata={"limit": limit}, retry_after=retry_after
    )
