"""SignStream for asyncio: whoever has an item hands it over, and waits for it alone.

A stream has a task that reads while it is open, and gRPC's that sends what waits. It ends when
nobody has needed it for some seconds, and comes back with the next item.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import errors
from signetd.client._ending_aio import Ending
from signetd.client.streaming import END_SECONDS, IDLE_SECONDS, METHOD, Outbox, Outcome, Ticket


class TaskTicket(Ticket):
    """An item that a task waits for."""

    __slots__ = ("_future",)

    def __init__(self, request: signing.SignRequest, end: float) -> None:
        super().__init__(request, end)
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settled(self) -> None:
        """Let the waiting task go on."""
        if not self._future.done():  # as it is when the task was cancelled
            self._future.set_result(None)

    async def wait(self) -> None:
        """Wait until there is an outcome, or its time is over."""
        loop = asyncio.get_running_loop()
        if self.outcome is not None:
            return
        left = self.end - time.monotonic()
        timer = loop.call_later(left, self.settled)
        try:
            await self._future
        finally:
            timer.cancel()


class AsyncSignStream:
    """Carries items over one stream, and over a new one when that has ended."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        address: str,
        *,
        patient: bool = False,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._open: Callable[[AsyncIterator[Any]], Any] = channel.stream_stream(
            METHOD,
            request_serializer=signing.SignStreamRequest.SerializeToString,
            response_deserializer=signing.SignStreamResponse.FromString,
        )
        self._address = address
        self._idle_seconds = idle_seconds
        self._outbox = Outbox(patient=patient)
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._stream: object | None = None  # stands for the one that is open
        self._is_closed = False

    @property
    def is_open(self) -> bool:
        """Whether there is a stream, so that an item needs nothing to be opened."""
        return self._stream is not None

    def submit(self, ticket: TaskTicket) -> None:
        """Send an item, and do not wait for it. Raises Unavailable when it is closed."""
        if self._is_closed:
            raise errors.closed()
        self._outbox.add(ticket)
        if self._reader is None:
            self._reader = asyncio.create_task(self._run(), name="signetd")
        self._changed.set()

    async def result(self, ticket: TaskTicket) -> Outcome:
        """Wait for what becomes of an item; DeadlineExceeded where its time is over."""
        try:
            await ticket.wait()
        finally:
            self._outbox.forget(ticket)
        if ticket.outcome is None:
            raise RuntimeError("a forgotten item has an outcome")
        return ticket.outcome

    async def close(self) -> None:
        """Break off what is under way, and wait for the tasks to end."""
        is_wanted, self._is_closed = self._outbox.is_wanted, True
        reader, self._reader, self._stream = self._reader, None, None
        self._outbox.abandon(errors.closed())
        self._changed.set()
        if reader is None:
            return
        if not is_wanted:
            await asyncio.wait([reader], timeout=END_SECONDS)  # the daemon ends it, for we have
        reader.cancel()
        await asyncio.wait([reader])

    async def _run(self) -> None:
        while await self._await_items():
            error = await self._exchange()
            self._stream = None
            self._changed.set()  # the task that sends ends with its stream
            await asyncio.sleep(self._outbox.ended(error, time.monotonic()))

    async def _await_items(self) -> bool:
        """Wait until there is something to send; False: nobody wants anything, the task ends."""
        while self._outbox.is_wanted:
            now = time.monotonic()
            if self._outbox.is_ready(now):
                return True
            await self._change(now)
        self._reader = None
        return False

    async def _exchange(self) -> errors.SignetdError | None:
        """Send and read until the stream ends; return why, None: as it should."""
        self._stream = stream = object()
        call = self._open(self._messages(stream))
        ending = Ending(call)
        try:
            async for message in call:
                self._outbox.settle(message, time.monotonic())
                if self._outbox.due is not None:
                    self._changed.set()
        except grpc.aio.AioRpcError as failure:
            return await ending.reason(failure, self._address)
        except asyncio.CancelledError:  # of this task, or gRPC's word for a closed channel
            if not self._is_closed:
                raise
            return errors.closed()
        finally:
            call.cancel()
        return None

    async def _messages(self, stream: object) -> AsyncIterator[signing.SignStreamRequest]:
        idle_since: float | None = None
        while self._stream is stream:
            now = time.monotonic()
            message = self._outbox.take(now)
            if message is not None:
                idle_since = None
                yield message
                continue
            if self._outbox.is_wanted:
                idle_since = None
            elif idle_since is None:
                idle_since = now
            elif now - idle_since >= self._idle_seconds:
                return
            await self._change(now)

    async def _change(self, now: float) -> None:
        """Wait until something has changed, or an item is due again."""
        self._changed.clear()
        due = self._outbox.due
        until = self._idle_seconds if due is None else min(self._idle_seconds, max(0.0, due - now))
        try:
            async with asyncio.timeout(until):
                await self._changed.wait()
        except TimeoutError:
            pass
