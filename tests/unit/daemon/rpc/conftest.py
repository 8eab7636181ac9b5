"""A real server with fakes behind it: on a Unix socket, and on TCP with mutual TLS."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import grpc
import pytest
import structlog
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2
from grpc import Call, aio
from grpc_status import rpc_status

from signetd.api.v1 import token_service_pb2
from signetd.daemon import logs
from signetd.daemon.config import Limits, Log, TcpAddress, TcpListener, UnixListener
from signetd.daemon.credentials import Clock, utc_now
from signetd.daemon.dev.certificates import ensure_certificates
from signetd.daemon.rpc import rules
from signetd.daemon.rpc.attestation_api import AttestationApi
from signetd.daemon.rpc.certificates_api import CertificatesApi
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.listeners import Bound, bind
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.sign_document import SignDocuments
from signetd.daemon.rpc.sign_stream import SignStreams
from signetd.daemon.rpc.signing_api import SigningApi
from signetd.daemon.rpc.token_api import TokenApi
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.watching import Watchers
from tests.unit.daemon.ledgers import MemoryLedger
from tests.unit.daemon.rpc.fakes import (
    FakeApprovals,
    FakeAttestation,
    FakeAudit,
    FakeCallers,
    FakeCertificates,
    FakeDesk,
    FakeDocuments,
    FakeEngine,
    FakeGate,
    FakeKeys,
    FakeSeals,
    FakeToken,
    FakeUsage,
    Refusing,
)


class Service:
    """The dispatcher with its fakes, and what is needed to serve and call it."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        self.engine = FakeEngine()
        self.keys = FakeKeys()
        self.usage = FakeUsage()
        self.tokens = {name: FakeToken(name) for name in ("t1", "t2", "t3")}
        self.health = Health(self.tokens, FakeAudit())
        writer = TokenMessages(dict.fromkeys(self.tokens, "standard"))
        self.watchers = Watchers(self.tokens, writer, self.limits.watchers)
        self.ledger = MemoryLedger()
        recorder = Recorder(self.ledger)
        gate = FakeGate(self.keys)
        desk = FakeDesk(self.engine)
        self.streams = SignStreams(desk, recorder, self.limits)
        self.dispatcher = Dispatcher(
            FakeCallers(),
            {
                "signetd.api.v1.SigningService": (
                    SigningApi(desk, gate, self.engine, recorder),
                    self.streams,
                    SignDocuments(FakeDocuments(), self.limits),
                ),
                "signetd.api.v1.KeyService": (
                    KeyApi(self.keys, gate, FakeApprovals(), recorder, self.usage, FakeSeals()),
                    AttestationApi(self.keys, FakeAttestation(), recorder),
                    CertificatesApi(FakeCertificates(), FakeCertificates(), gate, recorder),
                ),
                "signetd.api.v1.TokenService": TokenApi(
                    self.tokens, writer, self.watchers, recorder
                ),
                "signetd.api.v1.AccessService": Refusing(),
                "signetd.api.v1.ApprovalService": Refusing("watch_approvals"),
                "signetd.api.v1.AuditService": Refusing("follow_records", "export_records"),
                "signetd.api.v1.SealService": Refusing(),
                "signetd.api.v1.VerificationService": Refusing(),
            },
            recorder,
            self.limits,
        )
        self.running: list[Bound] = []

    async def serve_socket(self, identity: str, mode: str = "0600") -> str:
        path = self.folder / f"{identity}.sock"
        return await self._start(UnixListener(unix=path, identity=identity, mode=mode))

    async def serve_tcp(
        self,
        client_ca: Path | None = None,
        client_crl: Path | None = None,
        clock: Clock = utc_now,
    ) -> str:
        """Serve clients of the CA in `client/`, or of *client_ca*."""
        ensure_certificates(self.folder)
        listener = TcpListener(
            tcp=TcpAddress("127.0.0.1", 0),
            certificate=self.folder / "server" / "server.pem",
            private_key=self.folder / "server" / "server.key",
            client_ca=client_ca or self.folder / "client" / "ca.pem",
            client_crl=client_crl,
        )
        return await self._start(listener, clock)

    async def _start(self, listener: UnixListener | TcpListener, clock: Clock = utc_now) -> str:
        bound = bind(listener, self.dispatcher, self.health, self.limits.connections, clock)
        self.running.append(bound)
        await bound.start()
        return bound.address

    async def close(self) -> None:
        await self.health.close()
        self.watchers.close()
        self.streams.close()
        for bound in self.running:
            await bound.stop(None)


@dataclass
class Refusal:
    """The error of a call as a client sees it."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    request_id: str
    retry_after: float | None


class Caller:
    """Calls methods by their full names."""

    def __init__(self, channel: aio.Channel) -> None:
        self.channel = channel

    async def raw(self, path: str, request: bytes, timeout: float | None = 10) -> bytes:
        method: Any = self.channel.unary_unary(path)
        reply: bytes = await method(request, timeout=timeout)
        return reply

    async def call(self, method: str, request: Message) -> Message:
        """Call `Service/Method` of the API."""
        service, name = method.split("/")
        path = f"/signetd.api.v1.{service}/{name}"
        descriptors = {each.name: each for each in rules.SERVICES}
        kind = GetMessageClass(descriptors[service].methods_by_name[name].output_type)
        return kind.FromString(await self.raw(path, request.SerializeToString()))

    async def refusal(
        self, method: str, request: Message | bytes, timeout: float | None = 10
    ) -> Refusal:
        """Return the error of a call that must fail."""
        raw = request if isinstance(request, bytes) else request.SerializeToString()
        with pytest.raises(aio.AioRpcError) as caught:
            await self.raw(f"/signetd.api.v1.{method}", raw, timeout)
        return refusal_of(caught.value)

    def watch(self, *names: str) -> Any:
        """Begin to watch tokens."""
        method: Any = self.channel.unary_stream(
            "/signetd.api.v1.TokenService/WatchTokens",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=token_service_pb2.WatchTokensResponse.FromString,
        )
        return method(token_service_pb2.WatchTokensRequest(names=names), timeout=20)


def refusal_of(error: aio.AioRpcError) -> Refusal:
    status = rpc_status.from_call(cast(Call, error))
    assert status is not None, f"{error.code()} has no google.rpc.Status: {error.details()}"
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert info.domain == "signetd"
    trailing = dict(error.trailing_metadata())
    return Refusal(
        error.code(),
        status.message,
        info.reason,
        dict(info.metadata),
        str(trailing["x-request-id"]),
        _retry_after(status),
    )


def _retry_after(status: Any) -> float | None:
    for detail in status.details:
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(retry):
            return float(retry.retry_delay.ToMilliseconds()) / 1000
    return None


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket's."""
    with TemporaryDirectory(prefix="signetd-") as name:
        yield Path(name)


@pytest.fixture
async def service(folder: Path) -> AsyncIterator[Service]:
    made = Service(folder)
    yield made
    await made.close()


Serve = Callable[..., Awaitable[tuple[Service, Caller]]]


@pytest.fixture
async def serve(folder: Path) -> AsyncIterator[Serve]:
    """Serves with limits of the test's own; returns the service, and a caller with every right."""
    async with AsyncExitStack() as stack:

        async def start(**limits: Any) -> tuple[Service, Caller]:
            made = Service(folder, Limits(**limits))
            stack.push_async_callback(made.close)
            address = await made.serve_socket("both")
            channel = await stack.enter_async_context(aio.insecure_channel(address))
            return made, Caller(channel)

        yield start


@pytest.fixture
async def both(service: Service) -> AsyncIterator[Caller]:
    """A caller that is admin and signer."""
    async with aio.insecure_channel(await service.serve_socket("both")) as channel:
        yield Caller(channel)


@pytest.fixture
def log_to() -> Iterator[Callable[[Log], None]]:
    """Configures the log; after the test it is as it was, since its stream is gone then."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield logs.configure
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
