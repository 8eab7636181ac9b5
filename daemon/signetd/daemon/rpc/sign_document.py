"""Answers SignDocument: the parts of a document in their order, each of them in time."""

import asyncio
from typing import Final, Protocol

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.config import Limits
from signetd.daemon.policy.types import Asker
from signetd.daemon.rpc import calls, convert
from signetd.daemon.rpc.incoming import Incoming
from signetd.daemon.rpc.sign_response import sign_response
from signetd.daemon.signing import SignInput
from signetd.daemon.signing.documents import Parts, SignedDocument
from signetd.daemon.signing.types import DocumentEnd
from signetd.drivers.errors import Reason, SignetError

MAX_CHUNK_BYTES: Final = 1 << 20
"""Longest chunk of a document."""
_HELD: Final = 4  # chunks of a document that there are at the same time
_GONE_SECONDS: Final = 0.05
"""gRPC tells that no more will come before it tells that the client has gone, if it has."""
_Incoming = Incoming[messages.SignDocumentRequest]


class Desk(Protocol):
    """What signs documents for those who may."""

    async def sign(self, request: SignInput, parts: Parts, asker: Asker) -> SignedDocument:
        """Sign the document in *parts*."""
        ...


class SignDocuments:
    """Signs documents for callers that may."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk = desk
        self._seconds = limits.default_deadline

    async def sign_document(self, incoming: _Incoming) -> messages.SignDocumentResponse:
        """Answer SignDocument."""
        parts = _Parts(incoming, self._seconds)
        try:
            return await self._sign(parts)
        finally:
            parts.forget()

    async def _sign(self, parts: "_Parts") -> messages.SignDocumentResponse:
        order = convert.document_input(await parts.start())
        call = calls.current()
        call.facts["key"] = order.key
        call.recorded = True
        signed = await self._desk.sign(order, parts, call.asker)
        call.facts["algorithm"] = signed.released.signed.algorithm.value
        call.facts["bytes"] = signed.size
        return messages.SignDocumentResponse(
            response=sign_response(signed.released),
            digest=signed.digest,
            document_bytes=signed.size,
        )


class _Parts:
    """Reads the parts of one document; the next must come within *seconds*."""

    def __init__(self, incoming: _Incoming, seconds: float) -> None:
        self._incoming = incoming
        self._seconds = seconds
        self._memory = incoming.memory()
        self._largest = 0

    def forget(self) -> None:
        """Give back the memory that is held for the document."""
        self._memory.give_back()

    async def start(self) -> messages.SignDocumentStart:
        """Return the first part; raises INPUT_MISSING, INPUT_INVALID."""
        part = await self._read()
        if part is None or part.WhichOneof("part") != "start":
            raise SignetError(
                Reason.INPUT_MISSING,
                "start is missing: the first message of a document must be start, which names the "
                "key; then come its chunks, and end.",
            )
        return part.start

    async def next(self) -> bytes | DocumentEnd:
        """Return the next chunk, or the end; raises INPUT_MISSING, INPUT_INVALID."""
        part = await self._read()
        kind = None if part is None else part.WhichOneof("part")
        if part is None:
            await asyncio.sleep(_GONE_SECONDS)
            raise _cut_off()
        if kind is None:
            raise _empty()
        if kind == "chunk":
            return _checked_chunk(part.chunk)
        if kind == "start":
            raise SignetError(
                Reason.INPUT_INVALID,
                "start came a second time; a call signs one document: begin another call.",
            )
        await self._check_last()
        return _end(part.end)

    async def _check_last(self) -> None:
        part = await self._read()
        if part is not None:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"{part.WhichOneof('part') or 'an empty message'} came after end, which must be "
                "the last message; nothing was signed.",
            )

    async def _read(self) -> messages.SignDocumentRequest | None:
        raw = await self._incoming.read(self._seconds)
        if raw is None:
            return None
        self._hold(len(raw))
        return self._incoming.parse(raw)

    def _hold(self, size: int) -> None:
        """Count four chunks of the largest size: one is hashed, one waits, one is read, twice."""
        if size > self._largest:
            self._memory.bring(_HELD * (size - self._largest))
            self._largest = size


def _checked_chunk(chunk: bytes) -> bytes:
    if len(chunk) > MAX_CHUNK_BYTES:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"chunk has {len(chunk)} bytes; at most {MAX_CHUNK_BYTES} are allowed: send the "
            "document in smaller ones, 256 KiB go well.",
        )
    return chunk


def _end(end: messages.SignDocumentEnd) -> DocumentEnd:
    return DocumentEnd(
        crc32c=end.document_crc32c if end.HasField("document_crc32c") else None,
        size=end.document_bytes if end.HasField("document_bytes") else None,
    )


def _cut_off() -> SignetError:
    return SignetError(
        Reason.INPUT_MISSING,
        "end is missing: the document was cut off, and nothing was signed. Send it again, with end "
        "as the last message.",
    )


def _empty() -> SignetError:
    return SignetError(
        Reason.INPUT_MISSING,
        "A message has no part; give it start, chunk or end. Nothing was signed.",
    )
