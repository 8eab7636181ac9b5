"""A real server with fakes behind it: on a Unix socket, and on TCP with mutual TLS."""

import asyncio
import datetime
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, cast

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
from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Charge, Effect
from signetd.daemon.config import Limits, Log, TcpAddress, TcpListener, UnixListener
from signetd.daemon.credentials import Clock, Presented, utc_now
from signetd.daemon.dev.certificates import ensure_certificates
from signetd.daemon.keys import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.policy.types import (
    ApprovalRule,
    Asker,
    Identity,
    KeyPolicy,
    KeyPurpose,
    Operation,
    Role,
)
from signetd.daemon.rpc import rules
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.health import Health
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.listeners import Bound, bind
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.signing_api import SigningApi
from signetd.daemon.rpc.token_api import TokenApi
from signetd.daemon.rpc.token_messages import TokenMessages
from signetd.daemon.rpc.watching import Watchers
from signetd.daemon.signing import Encoding, Released, Signed, SignInput, Verified, VerifyInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus, Transition
from signetd.drivers.types import Algorithm, KeyType, Pin, ProtectionLevel, Requester, TokenInfo
from tests.unit.daemon.ledgers import MemoryLedger

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
KEY = RegisteredKey(
    id="seal",
    key_type=KeyType.EC_P256,
    default_algorithm=Algorithm.ECDSA_P256_SHA256,
    state=KeyState.ENABLED,
    origin=KeyOrigin.GENERATED,
    version=1,
    token="t1",
    token_label="label",
    token_serial="serial",
    cka_id=b"\1\2",
    spki=b"spki" * 30,
    protection_level=ProtectionLevel.SOFTWARE,
    create_time=NOW,
    update_time=NOW,
)


@dataclass
class FakeEngine:
    """Signs with b"signature"; the message b"crash" is an error that nobody foresaw, and b"wait"
    takes until `released` is set."""

    asked: list[SignInput] = field(default_factory=list)

    requesters: list[Requester] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Queue[SignInput] = field(default_factory=asyncio.Queue)
    given_up: int = 0

    async def sign(self, request: SignInput, requester: Requester) -> Signed:
        self.asked.append(request)
        self.requesters.append(requester)
        if request.message == b"wait":
            await self._wait(request)
        if request.message == b"crash":
            raise ValueError(f"cannot work with {request.message!r}")
        if request.key == "locked":
            raise SignetError(Reason.TOKEN_LOCKED, "Locked.", ckr="CKR_USER_NOT_LOGGED_IN")
        return Signed(
            signature=b"signature of " + (request.message or b""),
            encoding=Encoding.DER,
            algorithm=Algorithm.ECDSA_P256_SHA256,
            key=KEY,
        )

    async def _wait(self, request: SignInput) -> None:
        self.begun.put_nowait(request)
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise

    async def verify(self, request: VerifyInput) -> Verified:
        self.asked.append(request)
        return Verified(
            valid=request.signature == b"good", algorithm=Algorithm.ECDSA_P256_SHA256, key=KEY
        )


class FakeDesk:
    """Lets everybody sign."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def sign(self, request: SignInput, asker: Asker) -> Released:
        return Released(signed=await self._engine.sign(request, asker.requester), number=7)


class FakeCallers:
    """Knows an identity for each role, one with all of them, and the one of the certificate."""

    roles: ClassVar = {
        **{role.value: frozenset({role}) for role in Role},
        "both": frozenset(Role),
        "spiffe://dev/client": frozenset({Role.SIGNER}),
    }

    def caller(self, presented: Presented) -> Identity:
        if presented.name not in self.roles:
            raise SignetError(Reason.PERMISSION_DENIED, f"{presented.name!r} is not known.")
        return Identity(
            name=presented.name,
            roles=self.roles[presented.name],
            credential=presented.credential,
            create_time=NOW,
            update_time=NOW,
        )


class FakeAudit:
    """An audit that can always be written."""

    failure = ""


class FakeApprovals:
    """Asks for no approval."""

    def reserve(self, approval: str, user: str) -> AbstractContextManager[None]:
        return nullcontext()

    async def effects_for_act(
        self,
        subject: Subject,
        approval: str,
        user: str,
        count: int,
        others: Iterable[ApprovalRule] = (),
    ) -> tuple[Effect, ...]:
        return ()


class Refusing:
    """Answers every method with INPUT_INVALID; *streams* are those that answer with a stream."""

    def __init__(self, *streams: str) -> None:
        self._streams = streams

    def __getattr__(self, name: str) -> Callable[[Message], Any]:
        return self._stream if name in self._streams else self._answer

    async def _answer(self, request: Message) -> Message:
        raise SignetError(Reason.INPUT_INVALID, "Not here.")

    async def _stream(self, request: Message) -> AsyncIterator[Message]:
        raise SignetError(Reason.INPUT_INVALID, "Not here.")
        yield request


class FakeGate:
    """Lets everybody see every key."""

    def __init__(self, keys: "FakeKeys") -> None:
        self._keys = keys

    def key(self, asker: Asker, operation: Operation, key_id: str) -> RegisteredKey:
        return self._keys.get(key_id)

    def sees(self, asker: Asker, key: RegisteredKey) -> bool:
        return True


class FakeKeys:
    """Has one key; answers every change with it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []

    def get(self, key_id: str) -> RegisteredKey:
        self.asked.append(("get", key_id))
        if key_id != KEY.id:
            raise SignetError(Reason.KEY_NOT_FOUND, f"There is no key {key_id}.")
        return KEY

    def check_destroyable(self, key_id: str) -> RegisteredKey:
        return KEY

    def page(
        self, page_size: int, page_token: str, shown: Callable[[RegisteredKey], bool]
    ) -> tuple[list[RegisteredKey], str]:
        self.asked.append(("page", page_size, page_token))
        return [KEY], "more"

    async def generate(
        self,
        key_id: str,
        token: str,
        key_type: KeyType,
        default_algorithm: Algorithm | None,
        purpose: KeyPurpose = KeyPurpose.SIGNING,
    ) -> RegisteredKey:
        self.asked.append(("generate", key_id, token, key_type, default_algorithm))
        return KEY

    async def enrol(
        self,
        key_id: str,
        token: str,
        *,
        cka_id: bytes,
        label: str,
        default_algorithm: Algorithm | None,
        purpose: KeyPurpose = KeyPurpose.SIGNING,
    ) -> RegisteredKey:
        self.asked.append(("enrol", key_id, token, cka_id, label, default_algorithm))
        return KEY

    async def disable(self, key_id: str) -> RegisteredKey:
        self.asked.append(("disable", key_id))
        return KEY

    async def enable(self, key_id: str) -> RegisteredKey:
        self.asked.append(("enable", key_id))
        return KEY

    async def destroy(self, key_id: str) -> RegisteredKey:
        self.asked.append(("destroy", key_id))
        return KEY

    async def set_policy(self, key_id: str, policy: KeyPolicy) -> RegisteredKey:
        self.asked.append(("set_policy", key_id, policy))
        return KEY


class FakeUsage:
    """Says how often keys were used, by their names."""

    def __init__(self) -> None:
        self.uses: dict[str, int] = {}

    def counts(self, charges: Collection[Charge]) -> dict[tuple[str, str], int]:
        return {(each.scope, each.window): self.uses.get(each.scope, 0) for each in charges}


class FakeToken:
    """A token whose PIN is 1234."""

    workers = 2

    def __init__(self, name: str) -> None:
        self.name = name
        self.workers_ready = 0
        self.pins: list[str] = []
        self.final_tries: list[bool] = []
        self.status = TokenStatus(TokenState.LOCKED, "no PIN", NOW)
        self.info: TokenInfo | None = TokenInfo(
            label="label",
            serial="serial",
            manufacturer="maker",
            model="model",
            module="module 1.0",
            protection_level=ProtectionLevel.SOFTWARE,
            inputs={Algorithm.ED25519: [], Algorithm.SM2_SM3: []},
        )

    async def unlock(self, pin: Pin, *, accept_final_try: bool = False) -> None:
        self.pins.append(pin.reveal())
        self.final_tries.append(accept_final_try)
        if pin.reveal() != "1234":
            raise SignetError(Reason.PIN_REFUSED, "Refused.", ckr="CKR_PIN_INCORRECT")
        self.status = TokenStatus(TokenState.READY, "", NOW)

    def turn(self, state: TokenState, reason: str = "") -> Transition:
        """Change the state, as the pool does; return what it tells of that."""
        before, self.status = self.status, TokenStatus(state, reason, NOW)
        return Transition(self.name, before, self.status)

    async def lock(self) -> None:
        self.status = TokenStatus(TokenState.LOCKED, "locked by an administrator", NOW)


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
        self.dispatcher = Dispatcher(
            FakeCallers(),
            {
                "signetd.api.v1.SigningService": SigningApi(
                    FakeDesk(self.engine), gate, self.engine, recorder
                ),
                "signetd.api.v1.KeyService": KeyApi(
                    self.keys, gate, FakeApprovals(), recorder, self.usage
                ),
                "signetd.api.v1.TokenService": TokenApi(
                    self.tokens, writer, self.watchers, recorder
                ),
                "signetd.api.v1.AccessService": Refusing(),
                "signetd.api.v1.ApprovalService": Refusing("watch_approvals"),
                "signetd.api.v1.AuditService": Refusing("follow_records", "export_records"),
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
