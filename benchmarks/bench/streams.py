"""The load of a stream: the same item again and again, as many in flight as it is wide.

Items are encoded once, each with a reference of its own, and a message of several is one after the
other, as protobuf has it. Of a result no more is read than its reference, and whether it failed.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import grpc
from google.rpc import status_pb2

from benchmarks.bench.tally import Tally

MAX_WIDTH: Final = 100
"""Items that one message may have."""
_RESULTS, _REFERENCE, _RESPONSE, _ERROR = 0x0A, 0x08, 0x12, 0x1A  # tags in SignStreamResponse


def encoded(request: bytes, width: int) -> list[bytes]:
    """Return SignStreamRequests with one item each; the references are 1, 2 … 2 × *width*.

    There are twice as many as are in flight, for a server may take a reference to be in use until
    its result has left altogether. Raises ValueError for more than one message can hold.
    """
    if not 0 < width <= MAX_WIDTH:
        raise ValueError(f"{width} items in flight on a stream; give 1 to {MAX_WIDTH}")
    field = b"\x12" + _varint(len(request)) + request
    items = [b"\x08" + _varint(number) + field for number in range(1, 2 * width + 1)]
    return [b"\x0a" + _varint(len(item)) + item for item in items]


def results(message: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Yield the references in a SignStreamResponse, with the status of those that failed.

    Raises ValueError for something else.
    """
    at = 0
    while at < len(message):
        size, begin = _read(message, at + 1)
        if message[at] != _RESULTS or message[begin] != _REFERENCE:
            raise ValueError("a result begins with something else than its reference")
        reference, inner = _read(message, begin + 1)
        kind, (length, data) = message[inner], _read(message, inner + 1)
        if kind not in (_RESPONSE, _ERROR):
            raise ValueError("a result has neither signature nor error")
        yield reference, message[data : data + length] if kind == _ERROR else None
        at = begin + size


async def repeat(
    call: Any, items: Sequence[bytes], end: float, tally: Tally, *, gathers: bool
) -> None:
    """Have half of the items in flight; for each result send the other of its pair, until *end*."""
    width = len(items) // 2
    began = [time.monotonic()] * (len(items) + 1)
    try:
        await _send(call, items[:width], gathers=gathers)
        under_way = width
        while under_way:
            message = await call.read()
            if message is grpc.aio.EOF:
                tally.failures["the stream ended early"] += under_way
                return
            now, again = time.monotonic(), []
            for reference, error in results(message):
                _note(tally, now - began[reference], error)
                under_way -= 1
                if now < end:
                    other = reference + width if reference <= width else reference - width
                    began[other] = now
                    again.append(items[other - 1])
            under_way += len(again)
            await _send(call, again, gathers=gathers)
        await call.done_writing()
        await call.read()
    except grpc.RpcError as error:
        tally.failures[f"{error.code().name}: {error.details()}"] += 1


async def _send(call: Any, items: Sequence[bytes], *, gathers: bool) -> None:
    for message in (b"".join(items),) if gathers and items else items:
        await call.write(message)


def _note(tally: Tally, seconds: float, error: bytes | None) -> None:
    if error is None:
        tally.latencies.append(seconds)
    else:
        status = status_pb2.Status.FromString(error)
        tally.failures[f"{status.code}: {status.message}"] += 1


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))


def _read(message: bytes, at: int) -> tuple[int, int]:
    """Read a varint; return it, and where what comes after it begins."""
    first = message[at]
    if first < 0x80:
        return first, at + 1
    number, shift = first & 0x7F, 7
    while True:
        at += 1
        number |= (message[at] & 0x7F) << shift
        if message[at] < 0x80:
            return number, at + 1
        shift += 7
