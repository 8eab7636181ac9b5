"""Reads requests from gRPC, and gives it replies and errors; a slow client holds up nobody."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message
from grpc import aio
from grpc_status import rpc_status

from signetd.daemon.rpc import errors
from signetd.daemon.rpc.admission import Memory
from signetd.daemon.rpc.methods import Method
from signetd.drivers.errors import Reason, SignetError

Context = aio.ServicerContext[bytes, bytes]
REQUEST_ID: Final = "x-request-id"
_TAKE_SECONDS: Final = 30.0  # for a client to make room for one message of a stream
_ABORT_SECONDS: Final = 5.0


def when_done(context: Context, do: Callable[[], None]) -> None:
    """Do something when gRPC is done with a call: its reply was taken, or its client has gone."""
    callback: Any = lambda _: do()  # noqa: E731  # the type stubs ask for a class that is not there
    context.add_done_callback(callback)


async def receive(method: Method, context: Context, memory: Memory) -> Message:
    """Return the one request of a call; raises INPUT_MISSING, INPUT_INVALID, OVERLOADED."""
    raw = await context.read()
    if not isinstance(raw, bytes):  # the client has ended its side without one
        kind = method.request.DESCRIPTOR.full_name
        raise SignetError(Reason.INPUT_MISSING, f"The call came without its request, a {kind}.")
    memory.bring(len(raw))
    return method.read(raw)


async def send(context: Context, reply: Message) -> None:
    """Send a message of a stream; raises OVERLOADED when the client does not take it."""
    try:
        async with asyncio.timeout(_TAKE_SECONDS):
            await context.write(reply.SerializeToString())
    except TimeoutError:
        raise SignetError(
            Reason.OVERLOADED,
            f"The client has not read the stream for {_TAKE_SECONDS:g} s; begin again, and read "
            "what comes.",
            retry_after=1.0,
        ) from None


async def abort(context: Context, error: SignetError, request_id: str) -> None:
    """End a call with an error: never returns.

    Raises what gRPC needs to see. A client that reads nothing does not take the error either; the
    call is dropped then, and gRPC forgets it with the connection.
    """
    status = rpc_status.to_status(errors.status_of(error, request_id))
    metadata = (*status.trailing_metadata, (REQUEST_ID, request_id))
    try:
        async with asyncio.timeout(_ABORT_SECONDS):
            await context.abort(status.code, status.details, metadata)
    except TimeoutError:
        raise asyncio.CancelledError from None
