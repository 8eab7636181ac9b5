"""Documents hold memory for four of their chunks, and give it back however they end."""

import asyncio
from typing import Any

import pytest
from grpc import aio

from signetd.api.v1 import signing_service_pb2 as messages
from tests.unit.daemon.rpc.conftest import Caller, Serve, Service, refusal_of

Part = messages.SignDocumentRequest
START = Part(start=messages.SignDocumentStart(key="keys/seal"))
END = Part(end=messages.SignDocumentEnd())
MEBIBYTE = 1 << 20


def held(service: Service) -> int:
    return service.dispatcher._admission._bytes.taken("both")


def begin(caller: Caller) -> Any:
    method: Any = caller.channel.stream_unary(
        "/signetd.api.v1.SigningService/SignDocument",
        request_serializer=Part.SerializeToString,
        response_deserializer=messages.SignDocumentResponse.FromString,
    )
    return method(timeout=20)


async def send(call: Any, *parts: Part) -> None:
    for part in parts:
        await call.write(part)


async def finish(call: Any) -> messages.SignDocumentResponse:
    await send(call, END)
    await call.done_writing()
    answer: messages.SignDocumentResponse = await call
    return answer


async def test_memory_is_held_for_four_chunks_whatever_the_size(serve: Serve) -> None:
    service, caller = await serve()
    call = begin(caller)
    await send(call, START, *(Part(chunk=bytes(MEBIBYTE)) for _ in range(20)))
    while held(service) < 4 * MEBIBYTE:  # noqa: ASYNC110  # nothing could tell
        await asyncio.sleep(0.01)
    assert held(service) < 4 * MEBIBYTE + 100
    assert (await finish(call)).document_bytes == 20 * MEBIBYTE
    assert held(service) <= 16 << 10  # for the reply, until gRPC has sent it


async def test_a_document_for_which_there_is_no_room_is_refused_at_its_first_chunk(
    serve: Serve,
) -> None:
    service, caller = await serve(request_mebibytes=16)
    open_ones = []
    for number in range(2):
        open_ones.append(begin(caller))
        await send(open_ones[-1], START, Part(chunk=bytes(MEBIBYTE - 10)))
        while held(service) < (number + 1) * 4 * (MEBIBYTE - 10):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    one_more = begin(caller)
    await send(one_more, START, Part(chunk=bytes(MEBIBYTE - 10)))
    with pytest.raises(aio.AioRpcError) as ended:
        await one_more
    assert refusal_of(ended.value).reason == "OVERLOADED"
    assert refusal_of(ended.value).metadata["limit"] == "request_mebibytes"
    for call in open_ones[:1]:
        assert (await finish(call)).document_bytes == MEBIBYTE - 10
    for call in open_ones[1:]:
        call.cancel()
    while held(service):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
