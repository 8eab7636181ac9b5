"""What the tests of the service share: a configuration, one time stamp, one failure."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from signetd.daemon.config import Timestamps, TsaUrl
from signetd.daemon.timestamps import TimeStampService
from signetd.drivers.errors import Reason, SignetError
from signetd.pki.timestamp import TimeStampToken

DATA: Final = b"the value of a signature"


def config(folder: Path, *urls: str, **changes: Any) -> Timestamps:
    """Return a configuration with FOLDER/trust; attempts have 30 s, for slow machines."""
    given: dict[str, Any] = {"attempt_timeout": 30.0} | changes
    return Timestamps(urls=tuple(map(TsaUrl.parse, urls)), trust=folder / "trust", **given)


async def stamped(given: Timestamps, deadline: float | None = None) -> TimeStampToken:
    """Get one time stamp from a service of its own."""
    service = TimeStampService(given)
    try:
        stamped = await service.stamp(DATA, deadline)
    finally:
        await service.close()
    assert stamped.token is not None
    assert stamped.failure == ""
    return stamped.token


async def failure(given: Timestamps, deadline: float | None = None) -> SignetError:
    """Return the TIMESTAMP_FAILED that comes of it."""
    with pytest.raises(SignetError) as caught:
        await stamped(given, deadline)
    assert caught.value.reason is Reason.TIMESTAMP_FAILED, caught.value.message
    assert caught.value.retryable
    return caught.value


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def odd_server(serve: Serve) -> AsyncIterator[str]:
    """Run a server that speaks as *serve* does; waits for all connections to end."""
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Those who hang up are what the tests are about.
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.create_task(handle(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with asyncio.timeout(20):
        await asyncio.gather(*running)
