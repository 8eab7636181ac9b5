"""Documents of any size in parts, as SignDocument takes them; shared by both clients."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import google_crc32c
import grpc

from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import errors, hashing, messages
from signetd.client.messages import Signature

METHOD: Final = "/signetd.api.v1.SigningService/SignDocument"
TIMEOUT: Final = 300.0
"""Seconds that a document may take; the daemon's own limit where nobody has changed it."""
CHUNK_BYTES: Final = 256 << 10

Readable = BinaryIO | Iterable[bytes]
Document = str | Path | bytes | Readable


@dataclass(frozen=True, kw_only=True)
class DocumentSignature(Signature):
    """The signature of a document, and what was signed: its digest (SM2: e), of so many bytes."""

    digest: bytes
    document_bytes: int


def start(
    key: str, algorithm: str | None, encoding: str | None, signer_id: bytes | None, approval: str
) -> signing.SignDocumentStart:
    """Build the first part. Raises InvalidRequest."""
    return signing.SignDocumentStart(
        key=messages.key_name(key),
        algorithm=resources.Algorithm.ValueType(messages.algorithm_number(algorithm)),
        encoding=resources.SignatureEncoding.ValueType(messages.encoding_number(encoding)),
        signer_id=signer_id,
        approval=messages.approval_name(approval),
    )


class Source:
    """A document that is read from its beginning, once more where that can be."""

    def __init__(self, document: Document) -> None:
        self._document: Any = document
        self._path = Path(document) if isinstance(document, str | Path) else None
        self._file = cast(Any, document) if hasattr(document, "read") else None
        self._position: int | None = None  # where it began; None: it cannot be rewound
        if self._file is not None and getattr(self._file, "seekable", lambda: False)():
            self._position = self._file.tell()
        self._was_read = False

    @property
    def is_repeatable(self) -> bool:
        """Whether it can be read a second time."""
        if self._file is not None:
            return self._position is not None
        return self._path is not None or iter(self._pieces) is not self._document

    def chunks(self) -> Iterator[bytes]:
        """Read it from its beginning. Raises InvalidRequest when that cannot be done."""
        try:
            if self._path is not None:
                with self._path.open("rb") as file:
                    yield from _read(file)
            elif self._file is not None:
                if self._was_read:
                    self._file.seek(self._position)
                self._was_read = True
                yield from _read(self._file)
            else:
                yield from gathered(self._pieces)
        except OSError as error:
            name = self._path or getattr(self._file, "name", None) or "the document"
            raise errors.InvalidRequest(f"{name} cannot be read: {error.strerror}") from error

    @property
    def _pieces(self) -> Any:
        return (self._document,) if isinstance(self._document, bytes) else self._document


class Parts:
    """The parts of a document; what has gone by is counted, and hashed if *digest* is given."""

    def __init__(
        self,
        first: signing.SignDocumentStart,
        progress: Callable[[int], None],
        digest: hashing.Hash | None = None,
    ) -> None:
        self.first = signing.SignDocumentRequest(start=first)
        self._progress = progress
        self._digest = digest
        self._crc32c = 0
        self._bytes = 0

    def chunk(self, data: bytes) -> signing.SignDocumentRequest:
        """Return the next part."""
        self._crc32c = google_crc32c.extend(self._crc32c, data)
        self._bytes += len(data)
        if self._digest is not None:
            self._digest.update(data)
        self._progress(len(data))
        return signing.SignDocumentRequest(chunk=data)

    def last(self) -> signing.SignDocumentRequest:
        """Return the last part."""
        end = signing.SignDocumentEnd(document_crc32c=self._crc32c, document_bytes=self._bytes)
        return signing.SignDocumentRequest(end=end)

    def read(self, reply: signing.SignDocumentResponse) -> DocumentSignature:
        """Read the reply. Raises CorruptReply when it is not of this document."""
        if reply.document_bytes != self._bytes:
            raise errors.CorruptReply(
                f"{reply.document_bytes} bytes were signed, and {self._bytes} were sent"
            )
        if self._digest is not None and self._digest.digest() != reply.digest:
            raise errors.CorruptReply(
                "what was signed is not the digest of this document: it was altered on its way, or "
                "the key was replaced meanwhile; sign it again"
            )
        made = messages.read_signature(reply.response)
        return DocumentSignature(
            **vars(made), digest=reply.digest, document_bytes=reply.document_bytes
        )


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Make chunks of pieces of any size."""
    gatherer = Gatherer()
    for piece in pieces:
        yield from gatherer.add(piece)
    yield from gatherer.rest()


class Gatherer:
    """Makes chunks of pieces that come one after the other."""

    def __init__(self) -> None:
        self._held = bytearray()

    def add(self, piece: bytes) -> Iterator[bytes]:
        """Take a piece in; yield the chunks that are full. Raises InvalidRequest."""
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise errors.InvalidRequest(
                f"a document consists of bytes, not of {type(piece).__name__}; open its file in "
                "binary mode, or encode its text",
                reason="INPUT_INVALID",
            )
        view = memoryview(piece).cast("B")
        at = CHUNK_BYTES - len(self._held) if self._held else 0
        self._held += view[:at]
        if len(self._held) == CHUNK_BYTES:
            yield bytes(self._held)
            self._held.clear()
        while len(view) - at >= CHUNK_BYTES:
            yield bytes(view[at : at + CHUNK_BYTES])
            at += CHUNK_BYTES
        self._held += view[at:]

    def rest(self) -> Iterator[bytes]:
        """Yield what is left."""
        if self._held:
            yield bytes(self._held)


def _read(file: Any) -> Iterator[bytes]:
    pieces = iter(lambda: file.read(CHUNK_BYTES), b"")
    return gathered(piece for piece in pieces if piece is not None)


def explained(error: errors.SignetdError) -> errors.SignetdError:
    """Return *error* with what to do where the daemon is an older one."""
    if error.code is not grpc.StatusCode.UNIMPLEMENTED:
        return error
    return _with_advice(
        error, "the daemon does not take documents yet: hash it with file_item, and sign that"
    )


def advised(error: errors.SignetdError) -> errors.SignetdError:
    """Return *error* with what to do where the document is gone that might be sent again."""
    return _with_advice(
        error,
        "it was not tried again, for the document can be read only once: sign it again, or give a "
        "path or a file that can be rewound",
    )


def _with_advice(error: errors.SignetdError, advice: str) -> errors.SignetdError:
    return type(error)(
        f"{error.message.rstrip('.')}; {advice}",
        reason=error.reason,
        code=error.code,
        retryable=error.retryable,
        ckr=error.ckr,
        metadata=error.metadata,
        retry_after=error.retry_after,
    )
