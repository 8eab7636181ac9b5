"""How the client for asyncio has documents signed: they are read without holding up its loop."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from typing import Any

import grpc.aio

from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import documents, errors, hashing, retry
from signetd.client._ending_aio import Ending
from signetd.client.connection import Endpoint
from signetd.client.documents import Document, DocumentSignature, Gatherer, Parts, Source


def _nothing(_done: int) -> None:
    """Nobody watches."""


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


class AsyncDocumentCalls:
    """SignDocument. Every method raises SignetdError."""

    _channel: grpc.aio.Channel
    _endpoint: Endpoint

    async def get_public_key(self, name: str, version: int | None = None) -> resources.PublicKey:
        """Return the public key of a version; None: of the one that signs."""
        raise NotImplementedError

    async def sign_document(
        self,
        key: str,
        document: Document | AsyncIterable[bytes],
        *,
        algorithm: str | None = None,
        encoding: str | None = None,
        signer_id: bytes | None = None,
        approval: str = "",
        check_digest: bool = False,
        timeout: float = documents.TIMEOUT,
        progress: Callable[[int], None] = _nothing,
    ) -> DocumentSignature:
        """Have the daemon hash and sign a document of any size, which is sent to it in parts.

        *document* is a path, a file in binary mode (from where it stands), bytes, or pieces of
        them, as they come; memory does not grow with it. It is sent with its length and checksum:
        one that is cut off or altered is not signed. It is tried again as ``sign`` is, if it can
        be read again.
        *check_digest*: it is hashed here too, and CorruptReply raised where the daemon signed
        another digest. *timeout* is in seconds, for all tries together. *progress* is told the
        bytes of each step.

        Not for Ed25519. With ``file_item`` and ``sign`` it is hashed here, and only its digest
        travels.
        """
        first = documents.start(key, algorithm, encoding, signer_id, approval)
        public = await self.get_public_key(key) if check_digest else None
        source = Pieces(document) if isinstance(document, AsyncIterable) else Source(document)
        end, waits = time.monotonic() + timeout, retry.delays()
        while True:
            digest = public and hashing.for_key(public, algorithm, signer_id)
            parts = Parts(first, progress, digest)
            try:
                return await self._send(source, parts, end - time.monotonic())
            except errors.SignetdError as error:
                wait = retry.wait_before_retry(error, waits, end - time.monotonic())
                if not source.is_repeatable:
                    raise documents.advised(error) from error
            await asyncio.sleep(wait)

    async def _send(
        self, source: Source | Pieces, parts: Parts, seconds: float
    ) -> DocumentSignature:
        """Send a document once."""
        failures: list[Exception] = []

        async def sent() -> AsyncIterator[signing.SignDocumentRequest]:
            yield parts.first
            try:
                async for chunk in chunks(source):
                    yield parts.chunk(chunk)
            except Exception as error:  # without its end nothing is signed; it is raised below
                failures.append(error)
            else:
                yield parts.last()

        start: Any = self._channel.stream_unary(
            documents.METHOD,
            request_serializer=signing.SignDocumentRequest.SerializeToString,
            response_deserializer=signing.SignDocumentResponse.FromString,
        )
        call = start(sent(), timeout=max(seconds, 0.0))
        ending = Ending(call)
        try:
            return parts.read(await call)
        except grpc.aio.AioRpcError as failure:
            if failures:
                raise failures[0] from None
            error = await ending.reason(failure, self._endpoint.address)
            raise documents.explained(error) from None
        finally:
            call.cancel()
