"""sign_document of both clients: what is sent, what is checked, and when it is tried again."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import google_crc32c
import grpc
import pytest
from grpc_status import rpc_status

from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import (
    AsyncClient,
    Client,
    CorruptReply,
    DocumentSignature,
    Endpoint,
    InvalidRequest,
    NotFound,
    SignetdError,
    Unavailable,
)
from signetd.client.documents import CHUNK_BYTES, gathered
from tests.unit.client.stream_server import KINDS, STOPPING, status

both = pytest.mark.parametrize("kind", KINDS)
SIZE = 3 * CHUNK_BYTES + 17
DOCUMENT = bytes(range(256)) * (SIZE // 256) + b"x" * (SIZE % 256)
DIGEST = hashlib.sha256(DOCUMENT).digest()


class Documents(grpc.GenericRpcHandler):
    """Takes documents as the daemon does; the first ``refusals`` are refused with a status."""

    def __init__(self) -> None:
        self.starts: list[signing.SignDocumentStart] = []
        self.chunks: list[bytes] = []
        self.refusals: list[Any] = []
        self.early = False
        self.is_old = False
        self.alter: Callable[[signing.SignDocumentResponse], None] = lambda _: None

    def service(self, handler_call_details: Any) -> Any:
        if self.is_old:
            return None
        if handler_call_details.method.endswith("GetPublicKey"):
            return grpc.unary_unary_rpc_method_handler(
                lambda request, _: resources.PublicKey(
                    name=f"{request.decode()[2:]}/versions/1",
                    default_algorithm=resources.ALGORITHM_ECDSA_P256_SHA256,
                ),
                response_serializer=resources.PublicKey.SerializeToString,
            )
        return grpc.stream_unary_rpc_method_handler(
            self.sign,
            signing.SignDocumentRequest.FromString,
            signing.SignDocumentResponse.SerializeToString,
        )

    def sign(self, parts: Iterator[Any], context: Any) -> signing.SignDocumentResponse:
        self.starts.append(next(parts).start)
        if self.early:
            self._refuse(context)
        self.chunks = []
        end: Any = None
        for part in parts:
            assert end is None
            if part.WhichOneof("part") == "end":
                end = part.end
            else:
                self.chunks.append(part.chunk)
        document = b"".join(self.chunks)
        if end is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "cut off")
        assert end.document_crc32c == google_crc32c.value(document)
        assert end.document_bytes == len(document)
        self._refuse(context)
        made = signing.SignDocumentResponse(
            response=signing.SignResponse(
                signature=b"sig",
                signature_crc32c=google_crc32c.value(b"sig"),
                key_version="keys/k/versions/1",
            ),
            digest=hashlib.sha256(document).digest(),
            document_bytes=len(document),
        )
        self.alter(made)
        return made

    def _refuse(self, context: Any) -> None:
        if self.refusals:
            context.abort_with_status(rpc_status.to_status(self.refusals.pop(0)))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[tuple[Documents, Endpoint]]:
    server = grpc.server(ThreadPoolExecutor(4))
    made = Documents()
    server.add_generic_rpc_handlers([made])
    address = f"unix:{tmp_path}/s.sock"
    server.add_insecure_port(address)
    server.start()
    yield made, Endpoint(address)
    server.stop(None).wait(5)


def sign(kind: str, endpoint: Endpoint, document: Any, **more: Any) -> DocumentSignature:
    if kind == "sync":
        with Client(endpoint) as client:
            return client.sign_document("k", document, **more)

    async def signed() -> DocumentSignature:
        async with AsyncClient(endpoint) as client:
            return await client.sign_document("k", document, **more)

    return asyncio.run(signed())


def as_path(folder: Path) -> Path:
    file = folder / "document"
    file.write_bytes(DOCUMENT)
    return file


SOURCES: dict[str, Callable[[Path], Any]] = {
    "path": as_path,
    "name": lambda folder: str(as_path(folder)),
    "file": lambda folder: as_path(folder).open("rb"),
    "file in memory": lambda _: io.BytesIO(DOCUMENT),
    "bytes": lambda _: DOCUMENT,
    "large pieces": lambda _: [DOCUMENT[:700_000], b"", DOCUMENT[700_000:]],
    "small pieces": lambda _: (DOCUMENT[at : at + 100] for at in range(0, SIZE, 100)),
}


@both
@pytest.mark.parametrize("name", SOURCES)
def test_every_kind_of_document(
    kind: str, name: str, daemon: tuple[Documents, Endpoint], tmp_path: Path
) -> None:
    told: list[int] = []
    source = SOURCES[name](tmp_path)
    made = sign(kind, daemon[1], source, algorithm="ecdsa-p256-sha256", progress=told.append)
    if name == "file":
        source.close()
    assert (made.signature, made.digest, made.document_bytes) == (b"sig", DIGEST, SIZE)
    assert b"".join(daemon[0].chunks) == DOCUMENT
    assert [len(chunk) for chunk in daemon[0].chunks] == [CHUNK_BYTES] * 3 + [17]
    assert sum(told) == SIZE
    assert daemon[0].starts[0].key == "keys/k"


@both
def test_an_empty_document_is_one(kind: str, daemon: tuple[Documents, Endpoint]) -> None:
    assert sign(kind, daemon[1], b"").document_bytes == 0


def test_asyncio_takes_pieces_as_they_come(daemon: tuple[Documents, Endpoint]) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, SIZE, 100_000):
            await asyncio.sleep(0)
            yield DOCUMENT[at : at + 100_000]

    assert sign("aio", daemon[1], pieces()).digest == DIGEST


@both
def test_a_file_is_read_from_where_it_stands_also_again(
    kind: str, daemon: tuple[Documents, Endpoint]
) -> None:
    daemon[0].refusals = [STOPPING]
    file = io.BytesIO(b"before" + DOCUMENT)
    file.seek(6)
    assert sign(kind, daemon[1], file).digest == DIGEST
    assert len(daemon[0].starts) == 2


@both
@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("name", ["path", "bytes", "large pieces"])
def test_it_is_tried_again_where_it_can_be_read_again(
    kind: str, early: bool, name: str, daemon: tuple[Documents, Endpoint], tmp_path: Path
) -> None:
    daemon[0].refusals, daemon[0].early = [STOPPING], early
    assert sign(kind, daemon[1], SOURCES[name](tmp_path)).digest == DIGEST


@both
def test_it_is_not_tried_again_where_it_is_gone(
    kind: str, daemon: tuple[Documents, Endpoint], tmp_path: Path
) -> None:
    daemon[0].refusals = [STOPPING]
    with pytest.raises(Unavailable, match="give a path or a file that can be rewound") as caught:
        sign(kind, daemon[1], SOURCES["small pieces"](tmp_path))
    assert (caught.value.reason, caught.value.retryable) == ("SHUTTING_DOWN", True)
    assert len(daemon[0].starts) == 1
    read, write = os.pipe()
    daemon[0].refusals = [STOPPING]
    with os.fdopen(write, "wb") as into, os.fdopen(read, "rb") as pipe:
        into.write(b"through a pipe")
        into.close()
        with pytest.raises(Unavailable, match="can be read only once"):
            sign(kind, daemon[1], pipe)


@both
def test_a_refusal_is_told_while_it_is_sent(kind: str, daemon: tuple[Documents, Endpoint]) -> None:
    """An endless document: it ends with the daemon's word after its start."""

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(100_000)

    daemon[0].early = True
    daemon[0].refusals = [status("KEY_NOT_FOUND", grpc.StatusCode.NOT_FOUND, retryable=False)]
    with pytest.raises(NotFound, match="a sentence") as caught:
        sign(kind, daemon[1], endless())
    assert caught.value.reason == "KEY_NOT_FOUND"


@both
def test_what_reading_raises_is_raised_and_nothing_is_signed(
    kind: str, daemon: tuple[Documents, Endpoint], tmp_path: Path
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"a part"
        raise LookupError("the application's own")

    with pytest.raises(LookupError, match="own"):
        sign(kind, daemon[1], broken())
    with pytest.raises(InvalidRequest, match="nothing-here cannot be read"):
        sign(kind, daemon[1], tmp_path / "nothing-here")
    with pytest.raises(InvalidRequest, match="not of str; open its file in binary mode"):
        sign(kind, daemon[1], io.StringIO("text"))


@both
def test_a_reply_about_something_else_is_found(
    kind: str, daemon: tuple[Documents, Endpoint]
) -> None:
    def other_digest(reply: Any) -> None:
        reply.digest = bytes(32)

    daemon[0].alter = other_digest
    assert sign(kind, daemon[1], DOCUMENT).digest == bytes(32), "nobody asked to have it checked"
    with pytest.raises(CorruptReply, match="not the digest of this document"):
        sign(kind, daemon[1], DOCUMENT, check_digest=True)
    daemon[0].alter = lambda _: None
    assert sign(kind, daemon[1], DOCUMENT, check_digest=True).digest == DIGEST

    def other_length(reply: Any) -> None:
        reply.document_bytes += 1

    daemon[0].alter = other_length
    with pytest.raises(CorruptReply, match=f"{SIZE} were sent"):
        sign(kind, daemon[1], DOCUMENT)

    def other_signature(reply: Any) -> None:
        reply.response.signature = b"gis"

    daemon[0].alter = other_signature
    with pytest.raises(CorruptReply, match="checksum"):
        sign(kind, daemon[1], DOCUMENT)


@both
def test_an_older_daemon_and_what_to_do(kind: str, daemon: tuple[Documents, Endpoint]) -> None:
    daemon[0].is_old = True
    with pytest.raises(SignetdError, match="hash it with file_item, and sign that"):
        sign(kind, daemon[1], DOCUMENT)


@pytest.mark.parametrize("sizes", [[1], [CHUNK_BYTES], [CHUNK_BYTES - 1, 2], [5, CHUNK_BYTES * 3]])
def test_chunks_are_full_but_for_the_last(sizes: list[int]) -> None:
    whole = os.urandom(sum(sizes))
    pieces, at = [], 0
    for size in sizes:
        pieces.append(whole[at : at + size])
        at += size
    chunks = [*gathered(pieces)]
    assert b"".join(chunks) == whole
    assert all(len(chunk) == CHUNK_BYTES for chunk in chunks[:-1])
    assert 0 < len(chunks[-1]) <= CHUNK_BYTES
