"""Documents that are read without holding up an event loop."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterator

from signetd.client.documents import Gatherer, Source


class Pieces:
    """A document whose pieces come asynchronously."""

    def __init__(self, pieces: AsyncIterable[bytes]) -> None:
        self._pieces = pieces

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be read a second time."""
        return aiter(self._pieces) is not self._pieces

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read it from its beginning."""
        gatherer = Gatherer()
        async for piece in self._pieces:
            for chunk in gatherer.add(piece):
                yield chunk
        for chunk in gatherer.rest():
            yield chunk


async def chunks(source: Source | Pieces) -> AsyncIterator[bytes]:
    """Read a document from its beginning: files and the like in another thread."""
    if isinstance(source, Pieces):
        async for chunk in source.chunks():
            yield chunk
        return
    blocking = source.chunks()
    while chunk := await asyncio.to_thread(_next, blocking):
        yield chunk


def _next(chunks: Iterator[bytes]) -> bytes:
    return next(chunks, b"")
