"""The items of ``sign_many`` that are on their way, in their order; shared by both clients."""

from collections import deque
from typing import Final, Generic, TypeVar

from signetd.client import errors
from signetd.client.streaming import Ticket

WINDOW: Final = 256
"""How many items are on their way at most: as many as the daemon reads of a stream."""
_WINDOW_BYTES: Final = 16 << 20
_Ticket = TypeVar("_Ticket", bound=Ticket)


class Line(Generic[_Ticket]):
    """Bounded in number and bytes; each has its ticket, or its outcome where it needs none."""

    def __init__(self, window: int) -> None:
        if window < 1:
            raise errors.InvalidRequest(
                f"a window of {window} items lets none through; give 1 or more",
                reason="INPUT_INVALID",
            )
        self._window = window
        self._tickets: deque[_Ticket] = deque()
        self._bytes = 0

    def __bool__(self) -> bool:
        return bool(self._tickets)

    @property
    def is_full(self) -> bool:
        """Whether the first one has to leave before the next one comes."""
        return len(self._tickets) >= self._window or self._bytes >= _WINDOW_BYTES

    @property
    def first(self) -> _Ticket:
        """The one whose result is next."""
        return self._tickets[0]

    def append(self, ticket: _Ticket) -> None:
        """Let one more join."""
        self._tickets.append(ticket)
        self._bytes += ticket.size

    def popleft(self) -> _Ticket:
        """Let the first one go."""
        ticket = self._tickets.popleft()
        self._bytes -= ticket.size
        return ticket
