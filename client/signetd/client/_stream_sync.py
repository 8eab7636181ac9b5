"""SignStream for threads: whoever has an item hands it over, and waits for it alone.

A stream has two threads while it is open: gRPC's, which sends what waits, and one that reads. It
ends when nobody has needed it for some seconds, and comes back with the next item.
"""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import grpc

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import errors
from signetd.client.streaming import END_SECONDS, IDLE_SECONDS, METHOD, Outbox, Outcome, Ticket

_CLOSE_SECONDS: Final = 5.0


class ThreadTicket(Ticket):
    """An item that a thread waits for; a lock is lighter than threading.Event."""

    __slots__ = ("_lock",)

    def __init__(self, request: signing.SignRequest, end: float) -> None:
        super().__init__(request, end)
        self._lock = threading.Lock()
        self._lock.acquire()

    def settled(self) -> None:
        """Let the waiting thread go on."""
        self._lock.release()

    def wait(self) -> None:
        """Wait until there is an outcome, or its time is over."""
        left = min(self.end - time.monotonic(), threading.TIMEOUT_MAX)
        if self.outcome is None:
            self._lock.acquire(timeout=max(0.0, left))


class SignStream:
    """Carries items over one stream, and over a new one when that has ended."""

    def __init__(
        self,
        channel: grpc.Channel,
        address: str,
        *,
        patient: bool = False,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._open: Callable[[Iterator[Any]], Any] = channel.stream_stream(
            METHOD,
            request_serializer=signing.SignStreamRequest.SerializeToString,
            response_deserializer=signing.SignStreamResponse.FromString,
        )
        self._address = address
        self._idle_seconds = idle_seconds
        self._outbox = Outbox(patient=patient)
        self._changed = threading.Condition(threading.Lock())  # guards all that follows
        self._reader: threading.Thread | None = None
        self._call: Any = None
        self._stream: object | None = None  # stands for the one that is open
        self._is_closed = False

    @property
    def is_open(self) -> bool:
        """Whether there is a stream, so that an item needs nothing to be opened."""
        return self._stream is not None

    def submit(self, ticket: ThreadTicket) -> None:
        """Send an item, and do not wait for it. Raises Unavailable when it is closed."""
        with self._changed:
            if self._is_closed:
                raise errors.closed()
            self._outbox.add(ticket)
            if self._reader is None:
                self._reader = threading.Thread(target=self._run, name="signetd", daemon=True)
                self._reader.start()
            self._changed.notify()

    def result(self, ticket: ThreadTicket) -> Outcome:
        """Wait for what becomes of an item; DeadlineExceeded where its time is over."""
        try:
            ticket.wait()
        finally:
            if ticket.outcome is None:
                with self._changed:
                    self._outbox.forget(ticket)
        if ticket.outcome is None:
            raise RuntimeError("a forgotten item has an outcome")
        return ticket.outcome

    def close(self) -> None:
        """Break off what is under way, and wait for the threads to end."""
        with self._changed:
            is_wanted, self._is_closed = self._outbox.is_wanted, True
            call, reader = self._call, self._reader
            self._outbox.abandon(errors.closed())
            self._changed.notify_all()
        if reader is not None and not is_wanted:
            reader.join(END_SECONDS)  # the daemon ends it, for our side has
        if call is not None:
            call.cancel()
        if reader is not None:
            reader.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while self._await_items():
            error = self._exchange()
            with self._changed:
                self._call = self._stream = None
                self._changed.notify_all()  # the thread that sends ends with its stream
                wait = self._outbox.ended(error, time.monotonic())
                if wait and not self._is_closed:
                    end = time.monotonic() + wait
                    self._changed.wait_for(lambda: self._is_closed, end - time.monotonic())

    def _await_items(self) -> bool:
        """Wait until there is something to send; False: nobody wants anything, the thread ends."""
        with self._changed:
            while not self._is_closed and self._outbox.is_wanted:
                now = time.monotonic()
                if self._outbox.is_ready(now):
                    return True
                self._changed.wait(self._until_due(now))
            self._reader = None
            return False

    def _exchange(self) -> errors.SignetdError | None:
        """Send and read until the stream ends; return why, None: as it should."""
        with self._changed:
            if self._is_closed:
                return errors.closed()
            # Not the call itself: it may have ended before its messages are asked for.
            stream = self._stream = object()
            call = self._call = self._open(self._messages(stream))
        try:
            for message in call:
                with self._changed:
                    self._outbox.settle(message, time.monotonic())
                    if self._outbox.due is not None:
                        self._changed.notify()
        except grpc.RpcError as failure:
            return errors.from_rpc(failure, self._address)
        finally:
            call.cancel()
        return None

    def _messages(self, stream: object) -> Iterator[signing.SignStreamRequest]:
        while (message := self._next(stream)) is not None:
            yield message

    def _next(self, stream: object) -> signing.SignStreamRequest | None:
        """Wait for the next message; None: the stream is over, or nobody has needed it for long."""
        idle_since: float | None = None
        with self._changed:
            while self._stream is stream and not self._is_closed:
                now = time.monotonic()
                message = self._outbox.take(now)
                if message is not None:
                    return message
                if self._outbox.is_wanted:
                    idle_since = None
                elif idle_since is None:
                    idle_since = now
                elif now - idle_since >= self._idle_seconds:
                    return None
                self._changed.wait(self._until_due(now))
        return None

    def _until_due(self, now: float) -> float:
        due = self._outbox.due
        return self._idle_seconds if due is None else min(self._idle_seconds, max(0.0, due - now))
