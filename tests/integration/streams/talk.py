"""A client of streams that does as a test likes, on gRPC's stubs alone; and what verifies."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from queue import Queue
from typing import Any, TypeAlias

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import signing_service_pb2 as messages
from signetd.api.v1 import signing_service_pb2_grpc as stubs
from tests.integration.attack.scene import FOUNDER, Scene

Item: TypeAlias = messages.SignStreamItem
Result: TypeAlias = messages.SignStreamResult
_DIGESTS = {
    "sm2": ("-digest", "sm3", "-pkeyopt", "distid:1234567812345678"),
    "guarded": ("-digest", "sm3", "-pkeyopt", "distid:1234567812345678"),
    "ec": ("-digest", "sha256"),
    "rsa": ("-digest", "sha256"),
}


def sign(reference: int, key: str = "ec", message: bytes | None = None, **fields: Any) -> Item:
    """An item whose message is its reference."""
    text = str(reference).encode() if message is None else message
    request = messages.SignRequest(key=f"keys/{key}", message=text, **fields)
    return Item(reference=reference, request=request)


class Stream:
    """One stream: what is sent goes out at once, results are read when they are asked for."""

    def __init__(self, channel: grpc.Channel, timeout: float = 60) -> None:
        self._sending: Queue[messages.SignStreamRequest | None] = Queue()
        stub: Any = stubs.SigningServiceStub(channel)
        self.call = stub.SignStream(iter(self._sending.get, None), timeout=timeout)

    def send(self, *items: Item) -> None:
        """Send one message."""
        self._sending.put(messages.SignStreamRequest(items=items))

    def end(self) -> None:
        """End the client's side."""
        self._sending.put(None)

    def read(self, number: int) -> dict[int, Result]:
        """Read until there are so many results; of each reference one."""
        found: dict[int, Result] = {}
        while len(found) < number:
            for result in next(self.call).results:
                assert result.reference not in found, "a reference was answered twice"
                found[result.reference] = result
        assert len(found) == number, "there are more results than were asked for"
        return found

    def read_some(self) -> dict[int, Result]:
        """Read one message."""
        return {each.reference: each for each in next(self.call).results}

    def rest(self) -> dict[int, Result]:
        """Read to the end; raises the stream's error."""
        return {each.reference: each for answer in self.call for each in answer.results}

    def failure(self) -> tuple[dict[int, Result], error_details_pb2.ErrorInfo]:
        """Read until the stream ends with an error; return what came before, and the error."""
        found: dict[int, Result] = {}
        try:
            for answer in self.call:
                found.update((each.reference, each) for each in answer.results)
        except grpc.RpcError as error:
            return found, info_of(rpc_status.from_call(error))  # type: ignore[arg-type]
        finally:
            self.end()
        raise AssertionError("the stream ended without an error")


def info_of(status: status_pb2.Status | None) -> error_details_pb2.ErrorInfo:
    """Return the ErrorInfo of an error."""
    assert status is not None, "an error without google.rpc.Status"
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    return info


def reasons(results: dict[int, Result]) -> dict[int, str]:
    """Return "OK" or the reason of each result, by reference."""
    return {
        reference: info_of(each.error).reason if each.HasField("error") else "OK"
        for reference, each in results.items()
    }


def document(
    channel: grpc.Channel, parts: Iterable[messages.SignDocumentRequest], timeout: float = 60
) -> messages.SignDocumentResponse:
    """Have a document signed."""
    stub: Any = stubs.SigningServiceStub(channel)
    answer: messages.SignDocumentResponse = stub.SignDocument(iter(parts), timeout=timeout)
    return answer


def refused(
    channel: grpc.Channel, parts: Iterable[messages.SignDocumentRequest], timeout: float = 60
) -> tuple[grpc.StatusCode, str, error_details_pb2.ErrorInfo]:
    """Have a document refused; return how."""
    try:
        document(channel, parts, timeout)
    except grpc.RpcError as error:
        info = info_of(rpc_status.from_call(error))  # type: ignore[arg-type]
        return error.code(), str(error.details()), info
    raise AssertionError("the document was signed")


def start(key: str = "ec", **fields: Any) -> messages.SignDocumentRequest:
    """The first part of a document."""
    return messages.SignDocumentRequest(
        start=messages.SignDocumentStart(key=f"keys/{key}", **fields)
    )


def chunks(data: bytes, size: int = 256 << 10) -> Iterator[messages.SignDocumentRequest]:
    """The parts in the middle."""
    for begin in range(0, len(data), size):
        yield messages.SignDocumentRequest(chunk=data[begin : begin + size])


def end(**fields: Any) -> messages.SignDocumentRequest:
    """The last part."""
    return messages.SignDocumentRequest(end=messages.SignDocumentEnd(**fields))


class Openssl:
    """Verifies with the openssl command, in a folder of its own."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._scene, self._folder = scene, folder

    def accepts(self, key: str, message: bytes | Path, signature: bytes) -> bool:
        """Whether *signature* is that of a message, or of a file, with a key of the daemon."""
        self._public_key(key)
        (self._folder / "signature").write_bytes(signature)
        file = message if isinstance(message, Path) else self._folder / "message"
        if isinstance(message, bytes):
            file.write_bytes(message)
        done = subprocess.run(
            [
                *("openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", f"{key}.pem"),
                *("-in", str(file), "-sigfile", "signature", *_DIGESTS[key]),
            ],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return "Verified Successfully" in done.stdout

    def _public_key(self, key: str) -> None:
        file = self._folder / f"{key}.pem"
        if not file.exists():
            request = keys.GetPublicKeyRequest(name=f"keys/{key}")
            answer: Any = self._scene.by(FOUNDER).done("KeyService/GetPublicKey", request)
            file.write_text(answer.pem)


def export(scene: Scene) -> bytes:
    """Export the whole audit, as an auditor does."""
    channel: Any = scene.by("auditor").channel
    call = channel.unary_stream(
        "/signetd.api.v1.AuditService/ExportRecords",
        response_deserializer=audit.ExportRecordsResponse.FromString,
    )
    request = audit.ExportRecordsRequest().SerializeToString()
    return b"".join(piece.data for piece in call(request, timeout=60))
