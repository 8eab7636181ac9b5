"""A daemon whose streams do as a test tells them to, and both clients put to it in one way."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2

from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import AsyncClient, Client, Endpoint, Signature, SignetdError, SignItem

KINDS = ("sync", "aio")
Result = Signature | SignetdError
Serve = Callable[[Iterator[signing.SignStreamRequest], Any], Iterator[signing.SignStreamResponse]]


def status(reason: str, code: grpc.StatusCode, *, retryable: bool) -> status_pb2.Status:
    """What the daemon says of an item, or of a stream."""
    info = error_details_pb2.ErrorInfo(
        reason=reason, domain="signetd", metadata={"retryable": str(retryable).lower()}
    )
    detail = AnyMessage()
    detail.Pack(info)
    return status_pb2.Status(code=code.value[0], message="a sentence", details=[detail])


STOPPING = status("SHUTTING_DOWN", grpc.StatusCode.UNAVAILABLE, retryable=True)
REFUSED = status("NOT_ALLOWED", grpc.StatusCode.PERMISSION_DENIED, retryable=False)
BUSY = status("OVERLOADED", grpc.StatusCode.RESOURCE_EXHAUSTED, retryable=True)


def response(request: signing.SignRequest) -> signing.SignResponse:
    """A signature that tells what was signed."""
    made = b"signed " + request.message
    return signing.SignResponse(signature=made, signature_crc32c=google_crc32c.value(made))


def result(item: signing.SignStreamItem) -> signing.SignStreamResult:
    return signing.SignStreamResult(reference=item.reference, response=response(item.request))


def answer(results: Iterable[signing.SignStreamResult]) -> signing.SignStreamResponse:
    return signing.SignStreamResponse(results=results)


def at_once(requests: Iterator[signing.SignStreamRequest], _: Any) -> Iterator[Any]:
    """Answer each message with the results of all its items."""
    for message in requests:
        yield answer(map(result, message.items))


class Daemon:
    """Knows SignStream where ``serve`` is set; remembers every message and every single call."""

    def __init__(self, folder: Path) -> None:
        self.serve: Serve | None = at_once
        self.messages: list[signing.SignStreamRequest] = []
        self.single: list[signing.SignRequest] = []
        self.streams = 0
        self.open = 0
        self.ended = threading.Condition()
        self.held: threading.Event | None = None  # single calls wait for it
        self._address = f"unix:{folder}/s.sock"
        self.start()

    def start(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(40))
        self._server.add_generic_rpc_handlers([_Handler(self)])
        self._server.add_insecure_port(self._address)
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait(5)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self._address)

    @property
    def items(self) -> list[bytes]:
        """What came over streams, in its order, again where it came again."""
        return [item.request.message for message in self.messages for item in message.items]

    def await_no_stream(self) -> None:
        with self.ended:
            assert self.ended.wait_for(lambda: not self.open, 10), "a stream was left open"

    def stream(self, requests: Any, context: Any) -> Iterator[signing.SignStreamResponse]:
        assert self.serve is not None
        self.streams += 1
        self.open += 1
        context.add_callback(self._gone)
        yield from self.serve(self._noted(requests), context)

    def sign(self, request: signing.SignRequest, _: Any) -> signing.SignResponse:
        self.single.append(request)
        if self.held is not None:
            assert self.held.wait(20)
        return response(request)

    def _noted(self, requests: Any) -> Iterator[signing.SignStreamRequest]:
        for message in requests:
            self.messages.append(message)
            yield message

    def _gone(self) -> None:
        with self.ended:
            self.open -= 1
            self.ended.notify_all()


class _Handler(grpc.GenericRpcHandler):
    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def service(self, handler_call_details: Any) -> Any:
        method = handler_call_details.method.rpartition("/")[2]
        if method == "Sign":
            return grpc.unary_unary_rpc_method_handler(
                self._daemon.sign,
                signing.SignRequest.FromString,
                signing.SignResponse.SerializeToString,
            )
        if method == "SignStream" and self._daemon.serve is not None:
            return grpc.stream_stream_rpc_method_handler(
                self._daemon.stream,
                signing.SignStreamRequest.FromString,
                signing.SignStreamResponse.SerializeToString,
            )
        return None


def item(number: int, **more: Any) -> SignItem:
    return SignItem(key="k", message=b"%d" % number, **more)


def numbers(results: Iterable[Result]) -> list[int | str]:
    """The number of each signature's item; the reason of each error."""
    return [
        one.reason if isinstance(one, SignetdError) else int(one.signature.split()[1])
        for one in results
    ]


def sign_many(
    kind: str, endpoint: Endpoint, items: Iterable[SignItem], timeout: float = 20.0, **more: Any
) -> list[Result]:
    """All results of a client's sign_many."""
    if kind == "sync":
        with Client(endpoint, timeout=timeout) as client:
            return list(client.sign_many(items, **more))

    async def many() -> list[Result]:
        async with AsyncClient(endpoint, timeout=timeout) as client:
            return [one async for one in client.sign_many(items, **more)]

    return asyncio.run(many())


def sign_at_once(
    kind: str, endpoint: Endpoint, items: Iterable[SignItem], timeout: float = 20.0, width: int = 16
) -> list[Result]:
    """Sign with single calls from many threads, or tasks, of one client."""
    if kind == "sync":
        with Client(endpoint, timeout=timeout) as client, ThreadPoolExecutor(width) as threads:
            return list(threads.map(lambda each: _result(lambda: client.sign(each)), items))

    async def one(client: AsyncClient, each: SignItem, room: asyncio.Semaphore) -> Result:
        async with room:
            try:
                return await client.sign(each)
            except SignetdError as error:
                return error

    async def all_of_them() -> list[Result]:
        room = asyncio.Semaphore(width)
        async with AsyncClient(endpoint, timeout=timeout) as client:
            return await asyncio.gather(*(one(client, each, room) for each in items))

    return asyncio.run(all_of_them())


def _result(call: Callable[[], Signature]) -> Result:
    try:
        return call()
    except SignetdError as error:
        return error
