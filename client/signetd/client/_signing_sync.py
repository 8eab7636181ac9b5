"""What the client for threads signs and verifies."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from weakref import WeakSet

import grpc

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import _operations as operations
from signetd.client import errors, hashing, messages
from signetd.client._documents_sync import DocumentCalls
from signetd.client._many import WINDOW, Line
from signetd.client._stream_sync import SignStream, ThreadTicket
from signetd.client.messages import Signature, SignItem
from signetd.client.streaming import ITEM_SECONDS, Outcome

_ALONE_SECONDS: Final = 10.0
"""How long single calls go alone after the daemon had no room for another stream."""


def _nothing(_done: int) -> None:
    """Nobody watches."""


class SigningCalls(DocumentCalls):
    """The calls of SigningService. Every method raises SignetdError.

    Several ``sign`` calls at once travel over one stream, which costs less than a call for each.
    """

    _timeout: float

    def __init__(self, *, share_streams: bool) -> None:
        self._shared = SignStream(self._channel, self._endpoint.address)
        self._others: WeakSet[SignStream] = WeakSet()  # one for each that signs many
        self._shares = share_streams and self._timeout <= ITEM_SECONDS
        self._alone_until = 0.0  # without streams: the daemon does not know them, or has too many
        self._signing = 0
        self._counting = threading.Lock()

    def _call(self, operation: operations.Operation) -> Any:
        raise NotImplementedError

    def sign(self, item: SignItem) -> Signature:
        """Sign a message or a digest."""
        request = messages.sign_request(item)
        with self._counted() as others:
            # An open stream is faster than a call, also for one alone; it is not opened for one.
            shares = self._shares and (others > 0 or self._shared.is_open)
            if shares and self._may_stream() and messages.is_for_stream(request):
                return messages.read_signature(self._share(request))
            return messages.read_signature(self._call(operations.sign_request(request)))

    def batch_sign(self, items: list[SignItem]) -> list[Signature | errors.SignetdError]:
        """Sign up to 1,000 items; each has a result of its own, in order."""
        return messages.read_batch(self._call(operations.batch_sign(items)), len(items))

    def sign_many(
        self, items: Iterable[SignItem], *, window: int = WINDOW
    ) -> Iterator[Signature | errors.SignetdError]:
        """Sign any number of items; yield a result for each, in order, as ``sign`` has it.

        *items* is read as results are taken, in the thread that takes them, and at most *window*
        items (and 16 MiB) ahead of them; so memory does not grow, and a slow item holds up no more
        than that. Each has the client's timeout from when it was read. If the connection breaks,
        items without a result are sent again, as long as that lasts; one with an approval, which
        counts once, gets Unavailable where it may have been signed. To close the iterator breaks
        off what is under way. What *items* raises comes after the results of those before.
        """
        line: Line[ThreadTicket] = Line(window)
        failure: Exception | None = None
        source = iter(items)
        with closing(self._patient_stream()) as stream:
            while failure is None:
                try:
                    item = next(source)
                except Exception as error:  # of the caller's iterator; results come first
                    failure = error
                else:
                    line.append(self._begin(stream, item))
                while line and (failure or line.is_full or line.first.outcome is not None):
                    yield messages.read_outcome(self._end(stream, line.popleft()))
        if not isinstance(failure, StopIteration):
            raise failure

    def verify(self, item: SignItem, signature: bytes) -> str:
        """Verify a signature; return the name of the key version with which it is valid.

        With a key's name each of its versions is tried; ``keys/k/versions/2`` is that one alone.
        Raises SignatureInvalid.
        """
        return messages.check_valid(self._call(operations.verify(item, signature)))

    def file_item(
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
        return hashing.item_of_file(
            self.get_public_key(key),
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
        with self._counting:
            others = self._signing
            self._signing += 1
        try:
            yield others
        finally:
            with self._counting:
                self._signing -= 1

    def _patient_stream(self) -> SignStream:
        stream = SignStream(self._channel, self._endpoint.address, patient=True)
        self._others.add(stream)
        return stream

    def _close_streams(self) -> None:
        for stream in (self._shared, *self._others):
            stream.close()

    def _share(self, request: signing.SignRequest) -> signing.SignResponse:
        """Sign over the stream that all calls share."""
        ticket = ThreadTicket(request, time.monotonic() + self._timeout)
        self._shared.submit(ticket)
        outcome = self._end(self._shared, ticket)
        if isinstance(outcome, errors.SignetdError):
            raise outcome
        return outcome

    def _begin(self, stream: SignStream, item: SignItem) -> ThreadTicket:
        """Send one of many items; one that cannot go over a stream has its outcome at once."""
        ticket = ThreadTicket(signing.SignRequest(), time.monotonic() + self._timeout)
        try:
            ticket = ThreadTicket(messages.sign_request(item), ticket.end)
        except errors.InvalidRequest as error:
            ticket.outcome = error
            return ticket
        if self._may_stream() and messages.is_for_stream(ticket.request):
            stream.submit(ticket)
        else:
            ticket.outcome = self._alone(ticket.request)
        return ticket

    def _end(self, stream: SignStream, ticket: ThreadTicket) -> Outcome:
        outcome = stream.result(ticket)
        if not ticket.was_refused or not isinstance(outcome, errors.SignetdError):
            return outcome
        is_unknown = outcome.code is grpc.StatusCode.UNIMPLEMENTED
        self._alone_until = math.inf if is_unknown else time.monotonic() + _ALONE_SECONDS
        return self._alone(ticket.request)

    def _alone(self, request: signing.SignRequest) -> Outcome:
        try:
            return self._call(operations.sign_request(request))  # type: ignore[no-any-return]
        except errors.SignetdError as error:
            return error
