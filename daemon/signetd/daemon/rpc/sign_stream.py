"""Answers SignStream: takes streams in, as many as there may be, and ends them all at the stop."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.config import Limits
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.admission import Shares, overloaded
from signetd.daemon.rpc.incoming import Incoming
from signetd.daemon.rpc.item_stream import ItemStream
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.sign_many import Desk
from signetd.drivers.errors import Reason, SignetError

_RETRY_SECONDS: Final = 5.0  # streams come and go slowly


class SignStreams:
    """Signs the items of streams, at most `limits.streams`, shared between clients.

    A stream without items costs nothing and goes on: it is its client's to end. One whose client
    has vanished is found by gRPC's keepalive.
    """

    def __init__(self, desk: Desk, recorder: Recorder, limits: Limits) -> None:
        self._desk = desk
        self._recorder = recorder
        self._seconds = limits.default_deadline
        self._shares = Shares(limits.streams)
        self._open: set[ItemStream] = set()
        self._closed = False

    async def sign_stream(
        self, incoming: Incoming[messages.SignStreamRequest]
    ) -> AsyncGenerator[messages.SignStreamResponse]:
        """Answer SignStream.

        Raises OVERLOADED when there are too many streams, INPUT_INVALID for a message that cannot
        be read, and SHUTTING_DOWN; what was under way is answered before.
        """
        call = calls.current()
        stream = ItemStream(incoming, self._desk, self._recorder, call, self._seconds)
        with self._entered(call.identity, stream):
            async with aclosing(stream.results()) as ready:
                async for results in ready:
                    yield messages.SignStreamResponse(results=results)

    def close(self) -> None:
        """Read nothing more and end the streams when they are through; let nobody in any more."""
        self._closed = True
        for stream in self._open:
            stream.end(_stopping())

    @contextmanager
    def _entered(self, client: str, stream: ItemStream) -> Iterator[None]:
        if self._closed:
            raise _stopping()
        if not self._shares.has_room(client):
            raise self._too_many(client)
        self._shares.take(client)
        self._open.add(stream)
        try:
            yield
        finally:
            self._open.discard(stream)
            self._shares.give_back(client)

    def _too_many(self, client: str) -> SignetError:
        return overloaded(
            f"{client!r} has {self._shares.taken(client)} streams, and of the {self._shares.limit} "
            "in all (limits.streams) no more can be left to one client. Send more items on each, "
            "or end one of them first.",
            "streams",
            _RETRY_SECONDS,
        )


def _stopping() -> SignetError:
    return SignetError(
        Reason.SHUTTING_DOWN,
        "The daemon stops; begin the stream again when it is back, with the items that have no "
        "result.",
    )
