"""What stands behind the server in its tests: fakes that remember what they were asked."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, ClassVar

from google.protobuf.message import Message

from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Charge, Effect
from signetd.daemon.certificates import KeptCertificate
from signetd.daemon.certificates.requests import Prepared
from signetd.daemon.certificates.service import CheckedImport
from signetd.daemon.credentials import Presented
from signetd.daemon.keys import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.keys.destruction import Destroyed
from signetd.daemon.policy.types import (
    ApprovalRule,
    Asker,
    Identity,
    KeyPolicy,
    KeyPurpose,
    Operation,
    Role,
)
from signetd.daemon.signing import (
    Encoding,
    Outcome,
    Released,
    Signed,
    SignInput,
    Verified,
    VerifyInput,
)
from signetd.daemon.signing.documents import Parts, SignedDocument
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus, Transition
from signetd.drivers.types import Algorithm, KeyType, Pin, ProtectionLevel, Requester, TokenInfo
from signetd.pki import csr

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
    takes until `released` is set; so does `waits_for`."""

    asked: list[SignInput] = field(default_factory=list)

    requesters: list[Requester] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Queue[SignInput] = field(default_factory=asyncio.Queue)
    given_up: int = 0
    waits_for: bytes = b"wait"

    async def sign(self, request: SignInput, requester: Requester) -> Signed:
        self.asked.append(request)
        self.requesters.append(requester)
        if request.message in (b"wait", self.waits_for):
            await self._wait(request)
        if request.message == b"crash":
            raise ValueError(f"cannot work with {request.message!r}")
        if request.key == "locked":
            raise SignetError(Reason.TOKEN_LOCKED, "Locked.", ckr="CKR_USER_NOT_LOGGED_IN")
        return Signed(
            signature=b"signature of " + (request.message or b"")[:1000],
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

    async def sign_many(self, requests: Sequence[SignInput], asker: Asker) -> list[Outcome]:
        async def one(request: SignInput) -> Outcome:
            try:
                return await self.sign(request, asker)
            except Exception as error:  # as the desk: an outcome
                return error

        return await asyncio.gather(*map(one, requests))


class FakeDocuments:
    """Reads whole documents, and signs them with b"signature"."""

    async def sign(self, request: SignInput, parts: Parts, asker: Asker) -> SignedDocument:
        size = 0
        while isinstance(part := await parts.next(), bytes):
            size += len(part)
        signed = await FakeEngine().sign(request, asker.requester)
        return SignedDocument(Released(signed=signed, number=7), b"digest", size)


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

    def check_destroyable(self, key_id: str, version: int | None = None) -> RegisteredKey:
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

    async def destroy(
        self, key_id: str, version: int | None = None, *, spki: bytes | None = None
    ) -> Destroyed:
        self.asked.append(("destroy", key_id))
        return Destroyed(key=KEY, proof="gone")

    async def replace(
        self, key_id: str, token: str = "", *, cka_id: bytes = b"", label: str = ""
    ) -> RegisteredKey:
        self.asked.append(("replace", key_id, token, cka_id, label))
        return KEY

    async def set_policy(self, key_id: str, policy: KeyPolicy) -> RegisteredKey:
        self.asked.append(("set_policy", key_id, policy))
        return KEY


class FakeCertificates:
    """Keeps no certificate, and asks for none."""

    async def prepare(
        self, key_id: str, wanted: csr.Wanted, algorithm: Algorithm | None
    ) -> Prepared:
        raise self._none(key_id)

    async def sign(self, prepared: Prepared, requester: Requester) -> bytes:
        raise self._none(prepared.checked.key.id)

    async def check(self, key_id: str, data: bytes) -> CheckedImport:
        raise self._none(key_id)

    async def keep(self, checked: CheckedImport, *, on_token: bool) -> KeptCertificate:
        raise self._none(checked.key.id)

    async def get(
        self, key: RegisteredKey, version: int | None, requester: Requester
    ) -> KeptCertificate:
        raise self._none(key.id)

    def _none(self, key_id: str) -> SignetError:
        return SignetError(Reason.CERTIFICATE_MISSING, f"{key_id} has no certificate.")


class FakeSeals:
    """Knows of no seals, until `failure` is set."""

    def __init__(self) -> None:
        self.failure: SignetError | None = None

    def check_unused(self, key: str) -> None:
        if self.failure is not None:
            raise self.failure

    def unused(self, key: str) -> Effect:
        return lambda connection, moment: self.check_unused(key)


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


class FakeAttestation:
    """States nothing but the name."""

    async def attest(self, key: RegisteredKey, pair: object, nonce: bytes) -> bytes:
        return key.id.encode() + nonce
