"""A daemon that answers as a test tells it to: a real gRPC server on a Unix socket."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_status import rpc_status

from signetd.api.v1 import signing_service_pb2, signing_service_pb2_grpc
from signetd.client import Client, Endpoint


class Script(signing_service_pb2_grpc.SigningServiceServicer):
    """Answers with what ``answers`` holds, one after the other; the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[Any] = []

    def _next(self, request: Any, context: Any) -> Any:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, status_pb2.Status):
            context.abort_with_status(rpc_status.to_status(answer))
        if isinstance(answer, grpc.StatusCode):  # as gRPC does it by itself, without details
            context.abort(answer, "")
        return answer

    def Sign(self, request: Any, context: Any) -> signing_service_pb2.SignResponse:
        return self._next(request, context)  # type: ignore[no-any-return]

    def BatchSign(self, request: Any, context: Any) -> signing_service_pb2.BatchSignResponse:
        return self._next(request, context)  # type: ignore[no-any-return]

    def SignStream(self, requests: Any, context: Any) -> Iterator[Any]:
        for request in requests:
            yield self._next(request, context)

    def SignDocument(self, parts: Any, context: Any) -> signing_service_pb2.SignDocumentResponse:
        return self._next(list(parts), context)  # type: ignore[no-any-return]

    def Verify(self, request: Any, context: Any) -> signing_service_pb2.VerifyResponse:
        return self._next(request, context)  # type: ignore[no-any-return]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[tuple[Script, str]]:
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = Script()
    signing_service_pb2_grpc.add_SigningServiceServicer_to_server(servicer, server)
    address = f"unix:{tmp_path}/s.sock"
    server.add_insecure_port(address)
    server.start()
    yield servicer, address
    server.stop(None).wait(5)


@pytest.fixture
def connect(script: tuple[Script, str]) -> Iterator[Callable[[], Client]]:
    clients: list[Client] = []

    def make() -> Client:
        clients.append(Client(Endpoint(script[1]), timeout=10))
        return clients[-1]

    yield make
    for client in clients:
        client.close()
