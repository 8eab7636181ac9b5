"""Watching tokens with both clients: what comes, how it ends, what is raised."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_status import rpc_status

from signetd.api.v1 import resources_pb2, token_service_pb2
from signetd.client import AsyncClient, Client, Endpoint, NotFound, Unavailable

Response = token_service_pb2.WatchTokensResponse
CHANGES = [Response(token=resources_pb2.Token(name=f"tokens/{name}")) for name in "ab"]


class Tokens:
    """Sends two changes; then the stream goes on without any, or ends with `error`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: status_pb2.Status | None = None
        self.gone = threading.Event()

    def watch(self, request: Any, context: Any) -> Iterator[Response]:
        self.asked = list(request.names)
        context.add_callback(self.gone.set)
        yield from CHANGES
        if self.error is not None:
            context.abort_with_status(rpc_status.to_status(self.error))
        self.gone.wait(20)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[Tokens, Endpoint]]:
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = Tokens()
    method = grpc.unary_stream_rpc_method_handler(
        servicer.watch,
        token_service_pb2.WatchTokensRequest.FromString,
        Response.SerializeToString,
    )
    service = "signetd.api.v1.TokenService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"WatchTokens": method}),)
    )
    address = f"unix:{tmp_path}/s.sock"
    server.add_insecure_port(address)
    server.start()
    yield servicer, Endpoint(address)
    server.stop(None).wait(5)


def failure(code: grpc.StatusCode) -> status_pb2.Status:
    return status_pb2.Status(code=code.value[0], message="a sentence")


def test_changes_come_and_closing_the_watch_ends_it(daemon: tuple[Tokens, Endpoint]) -> None:
    tokens, endpoint = daemon
    with Client(endpoint) as client:
        watch: Any = client.watch_tokens(["a", "tokens/b"])
        assert [next(watch), next(watch)] == CHANGES
        assert tokens.asked == ["tokens/a", "tokens/b"]
        watch.close()
        assert tokens.gone.wait(10)
        assert list(watch) == []


def test_closing_the_client_ends_a_watch_without_an_error(daemon: tuple[Tokens, Endpoint]) -> None:
    client = Client(daemon[1])
    watch = client.watch_tokens()
    assert [next(watch), next(watch)] == CHANGES
    closing = threading.Timer(0.1, client.close)
    closing.start()
    assert list(watch) == []
    closing.join()


def test_an_error_is_raised_as_by_other_calls(daemon: tuple[Tokens, Endpoint]) -> None:
    tokens, endpoint = daemon
    tokens.error = failure(grpc.StatusCode.NOT_FOUND)
    with Client(endpoint) as client:
        watch = client.watch_tokens()
        assert [next(watch), next(watch)] == CHANGES
        with pytest.raises(NotFound, match="a sentence"):
            next(watch)


def test_nobody_there(tmp_path: Path) -> None:
    with Client(Endpoint(f"unix:{tmp_path}/none.sock")) as client, pytest.raises(Unavailable):
        next(client.watch_tokens())


async def test_asyncio_changes_come_and_closing_the_watch_ends_it(
    daemon: tuple[Tokens, Endpoint],
) -> None:
    tokens, endpoint = daemon
    async with AsyncClient(endpoint) as client:
        watch = client.watch_tokens(["a"])
        assert [await anext(watch), await anext(watch)] == CHANGES
        await watch.aclose()
        assert await asyncio.to_thread(tokens.gone.wait, 10)


async def test_asyncio_closing_the_client_ends_a_watch_without_an_error(
    daemon: tuple[Tokens, Endpoint],
) -> None:
    client = AsyncClient(daemon[1])
    watch = client.watch_tokens()
    assert [await anext(watch), await anext(watch)] == CHANGES

    async def rest() -> list[Response]:
        return [change async for change in watch]

    reading = asyncio.create_task(rest())
    await asyncio.sleep(0.1)
    await client.close()
    assert await asyncio.wait_for(reading, 10) == []


async def test_asyncio_a_cancelled_reader_is_cancelled(daemon: tuple[Tokens, Endpoint]) -> None:
    tokens, endpoint = daemon
    async with AsyncClient(endpoint) as client:
        watch = client.watch_tokens()
        assert [await anext(watch), await anext(watch)] == CHANGES
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(watch), 0.1)
        assert await asyncio.to_thread(tokens.gone.wait, 10)


async def test_asyncio_an_error_is_raised_as_by_other_calls(
    daemon: tuple[Tokens, Endpoint],
) -> None:
    tokens, endpoint = daemon
    tokens.error = failure(grpc.StatusCode.UNAVAILABLE)
    async with AsyncClient(endpoint) as client:
        with pytest.raises(Unavailable, match="a sentence"):
            async for _ in client.watch_tokens():
                continue
