"""What the client for asyncio signs and verifies."""

import asyncio
import math
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
)
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import grpc

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import _operations as operations
from signetd.client import errors, hashing, messages
from signetd.client._documents_aio import AsyncDocumentCalls
from signetd.client._many import WINDOW, Line
from signetd.client._stream_aio import AsyncSignStream, TaskTicket
from signetd.client.messages import Signature, SignItem
from signetd.client.streaming import ITEM_SECONDS, Outcome

_TURN: Final = 32
"""Items that are read at a stretch before the loop does something else: sending them, say."""

_ALONE_SECONDS: Final = 10.0
"""How long single calls go alone after the daemon had no room for another stream."""


def _nothing(_done: int) -> None:
    """Nobody watches."""


async def _each(items: Iterable[SignItem] | AsyncIterable[SignItem]) -> AsyncIterator[SignItem]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


class AsyncSigningCalls(AsyncDocumentCalls):
    """The calls of SigningService. Every method raises SignetdError.

    Several ``sign`` calls at once travel over one stream, which costs less than a call for each.
    """

    _timeout: float

    def __init__(self, *, share_streams: bool) -> None:
        self._shared = AsyncSignStream(self._channel, self._endpoint.address)
        self._others: WeakSet[AsyncSignStream] = WeakSet()  # one for each that signs many
        self._shares = share_streams and self._timeout <= ITEM_SECONDS
        self._alone_until = 0.0  # without streams: the daemon does not know them, or has too many
        self._signing = 0

    async def _call(self, operation: operations.Operation) -> Any:
        raise NotImplementedError

    async def sign(self, item: SignItem) -> Signature:
        """Sign a message or a digest."""
        request = messages.sign_request(item)
        with self._counted() as others:
            # An open stream is faster than a call, also for one alone; it is not opened for one.
            shares = self._shares and (others > 0 or self._shared.is_open)
            if shares and self._may_stream() and messages.is_for_stream(request):
                return messages.read_signature(await self._share(request))
            return messages.read_signature(await self._call(operations.sign_request(request)))

    async def batch_sign(self, items: list[SignItem]) -> list[Signature | errors.SignetdError]:
        """Sign up to 1,000 items; each has a result of its own, in order."""
        return messages.read_batch(await self._call(operations.batch_sign(items)), len(items))

    async def sign_many(
        self, items: Iterable[SignItem] | AsyncIterable[SignItem], *, window: int = WINDOW
    ) -> AsyncGenerator[Signature | errors.SignetdError]:
        """Sign any number of items; yield a result for each, in order, as ``sign`` has it.

        *items* is read by a task, at most *window* items (and 16 MiB) ahead of the results that are
        taken; so memory does not grow, and a slow item holds up no more than that. Each has the
        client's timeout from when it was read. If the connection breaks, items without a result are
        sent again, as long as that lasts; one with an approval, which counts once, gets Unavailable
        where it may have been signed. To close the iterator breaks off what is under way. What
        *items* raises comes after the results of those before.
        """
        line: Line[TaskTicket] = Line(window)
        changed = asyncio.Event()
        stream = AsyncSignStream(self._channel, self._endpoint.address, patient=True)
        self._others.add(stream)
        feeding = asyncio.create_task(self._feed(items, stream, line, changed))
        feeding.add_done_callback(lambda _: changed.set())
        try:
            while line or not feeding.done():
                if not line:
                    changed.clear()
                    await changed.wait()
                    continue
                outcome = await self._end(stream, line.first)
                line.popleft()
                changed.set()
                yield messages.read_outcome(outcome)
            feeding.result()
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])
            await stream.close()

    async def _feed(
        self,
        items: Iterable[SignItem] | AsyncIterable[SignItem],
        stream: AsyncSignStream,
        line: Line[TaskTicket],
        changed: asyncio.Event,
    ) -> None:
        """Send items as long as the line is not full; tell whoever waits for the next one."""
        number = 0
        async for item in _each(items):
            while line.is_full:
                changed.clear()
                await changed.wait()
            line.append(await self._begin(stream, item))
            changed.set()
            number += 1
            if number % _TURN == 0:
                await asyncio.sleep(0)

    async def verify(self, item: SignItem, signature: bytes) -> str:
        """Verify a signature; return the name of the key version with which it is valid.

        With a key's name each of its versions is tried; ``keys/k/versions/2`` is that one alone.
        Raises SignatureInvalid.
        """
        return messages.check_valid(await self._call(operations.verify(item, signature)))

    async def file_item(
        self,
        key: str,
        path: Path,
        *,
        algorithm: str | None = None,
        encoding: str | None = None,
        signer_id: bytes | None = None,
        progress: Callable[[int], None] = _nothing,
    ) -> SignItem:
        """Hash a file of any size here, for ``sign`` or ``verify``; see hashing.item_of_file."""
        return await asyncio.to_thread(
            hashing.item_of_file,
            await self.get_public_key(key),
            path,
            algorithm=algorithm,
            encoding=encoding,
            signer_id=signer_id,
            progress=progress,
            only_version="/versions/" in key,
        )

    def _may_stream(self) -> bool:
        return time.monotonic() >= self._alone_until

    @contextmanager
    def _counted(self) -> Iterator[int]:
        """Count a call that signs; give the number of the others."""
        self._signing += 1
        try:
            yield self._signing - 1
        finally:
            self._signing -= 1

    async def _close_streams(self) -> None:
        for stream in (self._shared, *self._others):
            await stream.close()

    async def _share(self, request: signing.SignRequest) -> signing.SignResponse:
        """Sign over the stream that all calls share."""
        ticket = TaskTicket(request, time.monotonic() + self._timeout)
        self._shared.submit(ticket)
        outcome = await self._end(self._shared, ticket)
        if isinstance(outcome, errors.SignetdError):
            raise outcome
        return outcome

    async def _begin(self, stream: AsyncSignStream, item: SignItem) -> TaskTicket:
        """Send one of many items; one that cannot go over a stream has its outcome at once."""
        ticket = TaskTicket(signing.SignRequest(), time.monotonic() + self._timeout)
        try:
            ticket = TaskTicket(messages.sign_request(item), ticket.end)
        except errors.InvalidRequest as error:
            ticket.outcome = error
            return ticket
        if self._may_stream() and messages.is_for_stream(ticket.request):
            stream.submit(ticket)
        else:
            ticket.outcome = await self._alone(ticket.request)
        return ticket

    async def _end(self, stream: AsyncSignStream, ticket: TaskTicket) -> Outcome:
        outcome = await stream.result(ticket)
        if not ticket.was_refused or not isinstance(outcome, errors.SignetdError):
            return outcome
        is_unknown = outcome.code is grpc.StatusCode.UNIMPLEMENTED
        self._alone_until = math.inf if is_unknown else time.monotonic() + _ALONE_SECONDS
        return await self._alone(ticket.request)

    async def _alone(self, request: signing.SignRequest) -> Outcome:
        try:
            return await self._call(operations.sign_request(request))  # type: ignore[no-any-return]
        except errors.SignetdError as error:
            return error
