"""How the client for threads has documents signed."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.client import documents, errors, hashing, retry
from signetd.client.connection import Endpoint
from signetd.client.documents import Document, DocumentSignature, Parts, Source


def _nothing(_done: int) -> None:
    """Nobody watches."""


class DocumentCalls:
    """SignDocument. Every method raises SignetdError."""

    _channel: grpc.Channel
    _endpoint: Endpoint

    def get_public_key(self, name: str, version: int | None = None) -> resources.PublicKey:
        """Return the public key of a version; None: of the one that signs."""
        raise NotImplementedError

    def sign_document(
        self,
        key: str,
        document: Document,
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

        *document* is a path, a file in binary mode (from where it stands), bytes, or pieces;
        memory does not grow with it. It is sent with its length and checksum: one that is cut off
        or altered is not signed. It is tried again as ``sign`` is, if it can be read again.
        *check_digest*: it is hashed here too, and CorruptReply raised where the daemon signed
        another digest. *timeout* is in seconds, for all tries together. *progress* is told the
        bytes of each step, from another thread.

        Not for Ed25519. With ``file_item`` and ``sign`` it is hashed here, and only its digest
        travels.
        """
        first = documents.start(key, algorithm, encoding, signer_id, approval)
        public = self.get_public_key(key) if check_digest else None
        source, end, waits = Source(document), time.monotonic() + timeout, retry.delays()
        while True:
            digest = public and hashing.for_key(public, algorithm, signer_id)
            try:
                return self._send(source, Parts(first, progress, digest), end - time.monotonic())
            except errors.SignetdError as error:
                wait = retry.wait_before_retry(error, waits, end - time.monotonic())
                if not source.is_repeatable:
                    raise documents.advised(error) from error
            time.sleep(wait)

    def _send(self, source: Source, parts: Parts, seconds: float) -> DocumentSignature:
        """Send a document once."""
        failures: list[Exception] = []

        def sent() -> Iterator[signing.SignDocumentRequest]:
            yield parts.first
            try:
                yield from map(parts.chunk, source.chunks())
            except Exception as error:  # without its end nothing is signed; it is raised below
                failures.append(error)
            else:
                yield parts.last()

        start: Any = self._channel.stream_unary(
            documents.METHOD,
            request_serializer=signing.SignDocumentRequest.SerializeToString,
            response_deserializer=signing.SignDocumentResponse.FromString,
        )
        call = start.future(sent(), timeout=max(seconds, 0.0))
        try:
            return parts.read(call.result())
        except grpc.RpcError as failure:
            if failures:
                raise failures[0] from None
            error = errors.from_rpc(failure, self._endpoint.address)
            raise documents.explained(error) from None
        finally:
            call.cancel()
