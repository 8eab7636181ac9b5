"""Items on their way over SignStream, without any I/O; shared by both clients."""

import heapq
from collections import deque
from collections.abc import Iterator
from itertools import count
from typing import Final

import grpc

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import errors, retry

METHOD: Final = "/signetd.api.v1.SigningService/SignStream"
IDLE_SECONDS: Final = 5.0
"""How long a stream stays open that nobody needs."""
ITEM_SECONDS: Final = 30.0
"""How long the daemon works on an item of a stream, where nobody has changed its default_deadline.
A single call with a longer timeout goes alone, for the daemon knows that one's deadline."""
END_SECONDS: Final = 1.0
"""How long the daemon has to end a stream that nobody needs, before it is broken off."""
MAX_ITEMS: Final = 100
MAX_BYTES: Final = 4 << 20
"""The most that one message may carry."""
_FRAME_BYTES: Final = 32  # around each item: its reference, and lengths
_REFUSALS: Final = (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.RESOURCE_EXHAUSTED)

Outcome = signing.SignResponse | errors.SignetdError


class Ticket:
    """An item that is to be signed by *end* (as time.monotonic), and what became of it."""

    __slots__ = ("end", "outcome", "reference", "request", "size", "waits", "was_refused")

    def __init__(self, request: signing.SignRequest, end: float) -> None:
        self.request = request
        self.size = request.ByteSize() + _FRAME_BYTES
        self.end = end
        self.waits = retry.delays()
        self.reference = 0  # while it is under way
        self.outcome: Outcome | None = None
        self.was_refused = False  # with its stream, before anything of that was read

    def settled(self) -> None:
        """Tell whoever waits that there is an outcome; called once at most."""
        raise NotImplementedError


class Outbox:
    """The items of one stream after the other: waiting, under way, or to be tried again later.

    An item that fails is tried again as ``Sign`` is: where the daemon says that it may, and as
    often as ``retry`` allows. *patient*: what had no result when a stream broke is sent again over
    the next one, as long as its time lasts. It is for items that cost nothing if they are signed
    twice; one with an approval, which is used up, has to have been left unread for that.
    """

    def __init__(self, *, patient: bool = False) -> None:
        self._patient = patient
        self._waiting: deque[Ticket] = deque()
        self._under_way: dict[int, Ticket] = {}
        self._later: list[tuple[float, int, Ticket]] = []
        self._numbers = count(1)
        self._redials: Iterator[float] | None = None  # None: no daemon has answered yet
        self._wanted = 0
        self._is_answered = False  # whether this stream has brought a result

    @property
    def is_wanted(self) -> bool:
        """Whether anybody waits for a result."""
        return self._wanted > 0

    @property
    def due(self) -> float | None:
        """When the next item is to be tried again; None: none is."""
        return self._later[0][0] if self._later else None

    def is_ready(self, now: float) -> bool:
        """Tell whether there is something to send."""
        return bool(self._waiting) or (self.due is not None and self.due <= now)

    def add(self, ticket: Ticket) -> None:
        """Take an item in."""
        self._wanted += 1
        self._waiting.append(ticket)

    def forget(self, ticket: Ticket) -> None:
        """Let go of an item that nobody waits for any more; does nothing if it has its outcome."""
        if ticket.outcome is None:
            self._under_way.pop(ticket.reference, None)
            ticket.outcome = errors.late()
            self._wanted -= 1

    def take(self, now: float) -> signing.SignStreamRequest | None:
        """Return a message with all that waits, as much as fits into one; None: nothing does."""
        while self._later and self._later[0][0] <= now:
            self._waiting.append(heapq.heappop(self._later)[2])
        message, room = signing.SignStreamRequest(), MAX_BYTES
        while self._waiting and len(message.items) < MAX_ITEMS:
            ticket = self._waiting[0]
            if ticket.size > room:
                break
            self._waiting.popleft()
            if ticket.outcome is not None:
                continue
            room -= ticket.size
            ticket.reference = next(self._numbers)
            self._under_way[ticket.reference] = ticket
            message.items.add(reference=ticket.reference, request=ticket.request)
        return message if message.items else None

    def settle(self, message: signing.SignStreamResponse, now: float) -> None:
        """Give the results of a message to their items; those of forgotten ones are dropped."""
        self._redials, self._is_answered = retry.redials(), True
        for result in message.results:
            ticket = self._under_way.pop(result.reference, None)
            if ticket is None:
                continue
            if result.WhichOneof("outcome") == "response":
                self._finish(ticket, result.response)
            else:
                self._failed(ticket, errors.from_status(result.error), now)

    def ended(self, error: errors.SignetdError | None, now: float) -> float:
        """Decide about what had no result when a stream ended; None: the daemon ended it well.

        Returns the seconds to wait before the next stream. What was never sent goes over that one,
        unless nothing was: then it is what failed.
        """
        is_answered, self._is_answered = self._is_answered, False
        if error is None:
            if not self._under_way:
                return 0.0
            error = errors.cut_off()
        is_refused = not is_answered and error.code in _REFUSALS
        lost = [*self._under_way.values()] or [*self._waiting]
        if not self._under_way:
            self._waiting.clear()
        self._under_way.clear()
        wait = self._redial(error)
        for ticket in reversed(lost):  # each goes before those behind it
            if is_refused:
                ticket.was_refused = True
                self._finish(ticket, error)
            elif ticket.outcome is None:
                self._lost(ticket, error, now, wait)
        return wait or 0.0

    def abandon(self, error: errors.SignetdError) -> None:
        """Fail everything."""
        tickets = [*self._under_way.values(), *self._waiting, *(late[2] for late in self._later)]
        self._under_way.clear()
        self._waiting.clear()
        self._later.clear()
        for ticket in tickets:
            self._finish(ticket, error)

    def _redial(self, error: errors.SignetdError) -> float | None:
        """Return the seconds until what is lost may go over another stream; None: it may not."""
        if not self._patient or self._redials is None or not errors.is_broken_connection(error):
            return None
        return next(self._redials)

    def _lost(
        self, ticket: Ticket, error: errors.SignetdError, now: float, wait: float | None
    ) -> None:
        is_safe = errors.was_not_read(error) or not ticket.request.approval
        if wait is None or not is_safe:
            self._failed(ticket, error, now)
        elif now + wait < ticket.end:
            self._waiting.appendleft(ticket)
        else:  # from now on nobody waits for a daemon that does not come back
            self._redials = None
            self._finish(ticket, error)

    def _failed(self, ticket: Ticket, error: errors.SignetdError, now: float) -> None:
        try:
            wait = retry.wait_before_retry(error, ticket.waits, ticket.end - now)
        except errors.SignetdError:
            self._finish(ticket, error)
        else:
            heapq.heappush(self._later, (now + wait, next(self._numbers), ticket))

    def _finish(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket.outcome is None:
            ticket.outcome = outcome
            self._wanted -= 1
            ticket.settled()
