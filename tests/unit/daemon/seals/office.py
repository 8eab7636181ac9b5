"""SealService on a real database, ledger, policy and approvals; only the token is software."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from gmssl.sm2 import CryptSM2  # type: ignore[import-untyped]

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.requirements import People, PolicyRequirements
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.use import ApprovalUses
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.config import Access
from signetd.daemon.keys import KeyManager, KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.gate import Gate
from signetd.daemon.policy.types import Asker, KeyPurpose, Operation, Role
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.seal_api import SealApi, Seals
from signetd.daemon.seals.applications import Applications
from signetd.daemon.seals.filing import Filing
from signetd.daemon.seals.importing import Importer
from signetd.daemon.seals.keeper import SealKeeper
from signetd.daemon.seals.make import SealMaker
from signetd.daemon.seals.stamp_tokens import StampTokens
from signetd.daemon.seals.view import SealView
from signetd.daemon.signing import FaultCounter, SigningEngine
from signetd.daemon.state import Database
from signetd.daemon.state.grants import create_grant
from signetd.daemon.state.identities import create_identity
from signetd.daemon.timestamps import Stamped
from signetd.drivers.errors import SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import (
    Algorithm,
    Input,
    KeyType,
    ProtectionLevel,
    Requester,
    SignOrder,
    TokenInfo,
)
from signetd.pki import Certificate
from tests.unit.daemon.policy.values import grant, identity
from tests.unit.daemon.seals import samples
from tests.unit.pki.holders import key as software_key

_PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
_PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
MAKER_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004" + _PUBLIC)
"""The public key of the examples of GB/T 32918.5, whose private key gmssl signs with."""
PEOPLE = {
    "applicant": Role.SIGNER,
    "colleague": Role.SIGNER,
    "stranger": Role.SIGNER,
    "reviewer": Role.SECURITY_ADMIN,
    "other": Role.SECURITY_ADMIN,
    "auditor": Role.AUDITOR,
    "system": Role.SYSTEM_ADMIN,
}
READS = frozenset({Operation.READ})


class Token:
    """A token in software; `signed` counts, and `failure` is raised while it is set."""

    def __init__(self) -> None:
        self.status = TokenStatus(TokenState.READY, "", datetime.now(UTC))
        self.info: TokenInfo | None = TokenInfo(
            label="t",
            serial="00a1",
            manufacturer="maker",
            model="model",
            module="module 1.0",
            protection_level=ProtectionLevel.SOFTWARE,
            inputs={Algorithm.SM2_SM3: [Input.DIGEST]},
        )
        self.signed = 0
        self.failure: SignetError | None = None
        self.meanwhile: Any = None

    def complain(self, topic: str, text: str) -> None:
        """What is shown of a token is tested elsewhere."""

    def settle(self, topic: str) -> None:
        """What is shown of a token is tested elsewhere."""

    async def sign(self, order: SignOrder, requester: Requester) -> bytes:
        if self.failure is not None:
            raise self.failure
        self.signed += 1
        if self.meanwhile is not None:
            await self.meanwhile()
        return _signature(order.data)


def _signature(e: bytes) -> bytes:
    signature = None
    while signature is None:
        signer = CryptSM2(private_key=_PRIVATE, public_key=_PUBLIC)
        signature = signer.sign(e, secrets.token_hex(31))
    return bytes.fromhex(signature)


class Statements:
    """Signs nothing; remembers what was stated. `failure` is raised while it is set."""

    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.failure: SignetError | None = None

    async def sign(self, kind: str, body: Any) -> bytes:
        if self.failure is not None:
            raise self.failure
        self.made.append((kind, dict(body)))
        return msgspec.json.encode({"kind": kind, **body})


class Verifier:
    """Finds every seal good, until `failure` is set."""

    def __init__(self) -> None:
        self.failure: SignetError | None = None
        self.asked: list[tuple[bytes, str]] = []

    async def verify(self, der: bytes, trust_list: str) -> None:
        self.asked.append((der, trust_list))
        if self.failure is not None:
            raise self.failure


class Judge:
    """Finds every maker good, until `failure` is set, and what is made, until `refused` is."""

    def __init__(self) -> None:
        self.failure: SignetError | None = None
        self.refused: SignetError | None = None
        self.asked: list[tuple[bytes, tuple[bytes, ...]]] = []
        self.made: list[bytes] = []

    async def check_maker(self, certificate: Certificate, others: Any = ()) -> None:
        self.asked.append((certificate.der, tuple(others)))
        if self.failure is not None:
            raise self.failure

    async def check_made(self, seal: str, der: bytes, others: Any = ()) -> None:
        self.made.append(der)
        if self.refused is not None:
            raise self.refused


class Authority:
    """Gives no time stamps but what `answer` is; `asked` has what for."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.answer: Callable[[], Stamped] | None = None

    async def stamp(self, data: bytes, deadline: float | None) -> Stamped:
        self.asked.append(data)
        assert self.answer is not None, "the test did not expect a time stamp"
        return self.answer()


@cache
def spki(name: str) -> bytes:
    """The SM2 public key of a name."""
    return MAKER_SPKI if name == "maker" else software_key("sm2", f"seals: {name}").spki


@cache
def certificate(name: str) -> bytes:
    """The certificate of a key."""
    return samples.certificate(spki(name), name)


def registered(name: str, purpose: KeyPurpose, **changes: Any) -> RegisteredKey:
    """Return the registration of an SM2 key with its certificate."""
    made = RegisteredKey(
        id=name,
        key_type=KeyType.SM2,
        default_algorithm=Algorithm.SM2_SM3,
        state=KeyState.ENABLED,
        origin=KeyOrigin.GENERATED,
        version=1,
        token="t",
        token_label="t",
        token_serial="00a1",
        cka_id=name.encode(),
        spki=changes.pop("spki", None) or spki(name),
        protection_level=ProtectionLevel.SOFTWARE,
        create_time=samples.NOW,
        update_time=samples.NOW,
        purpose=purpose,
        certificates=changes.pop("certificates", None) or (certificate(name),),
    )
    return msgspec.structs.replace(made, **changes)


class Office:
    """The service as it is called by somebody. `now` is what the clock says."""

    def __init__(
        self, database: Database, *, published: bool = False, chain: str = "signetd"
    ) -> None:
        self.now = samples.NOW
        self.database = database
        self.token, self.statements, self.verifier = Token(), Statements(), Verifier()
        self.maker_judge = Judge()
        self.times: StampTokens = StampTokens(None)
        self.chain = chain
        self.ledger = GroupLedger(database.audit(chain), clock=self.clock)
        self.recorder = Recorder(self.ledger)
        tokens: Any = {"t": self.token}
        self.keys = KeyManager(database.keys, tokens)
        self.book = PolicyBook(database.access, self.keys.load)
        self.gate = Gate(self.book, self.keys, self.clock)
        people = People(self.book)
        self.changes = Changes(database.approvals, self.clock)
        uses = ApprovalUses(database.approvals, people, self.changes, self.clock)
        self.approvals = Approvals(
            database.approvals,
            people,
            PolicyRequirements(self.book, self.gate, Access()),
            self.recorder,
            self.changes,
            self.clock,
        )
        engine = SigningEngine(self.keys, tokens, FaultCounter(self.keys, {"t": 3}))
        self.seals = self._seals(engine, uses, published=published)
        self.api = SealApi(self.seals, database.usage)

    def _seals(self, engine: SigningEngine, uses: ApprovalUses, *, published: bool) -> Seals:
        store, book, keys = self.database.seals, self.book, self.keys
        recorder, clock = self.recorder, self.clock
        view = SealView(store, keys, self.gate, clock, published=published)
        return Seals(
            view=view,
            applications=Applications(store, view, book, self.gate, recorder, clock),
            maker=SealMaker(
                store,
                view,
                book,
                keys,
                self.maker_judge,
                engine,
                self.times,
                uses,
                recorder,
                clock,
                "vendor",
            ),
            filing=Filing(store, view, book, keys, self.statements, recorder, clock),
            keeper=SealKeeper(store, view, book, keys, recorder),
            importer=Importer(store, book, keys, self.verifier, recorder, clock),
        )

    def clock(self) -> datetime:
        return self.now

    def later(self, seconds: float = 1.0) -> datetime:
        """Move the clock on, and tell the time."""
        self.now += timedelta(seconds=seconds)
        return self.now

    async def begin(self) -> None:
        """Fill the database, and start what must be started."""
        await self.join()
        with self.database.transaction("The test") as connection:
            for name, role in PEOPLE.items():
                create_identity(identity(name, role))(connection, self.now)
            allowed = grant("g1", identity="applicant", keys="sealing*", operations=READS)
            create_grant(allowed)(connection, self.now)
        for name in ("sealing", "sealing-2", "hidden"):
            self.database.keys.add(registered(name, KeyPurpose.SEALING))
        self.database.keys.add(registered("maker", KeyPurpose.SEAL_MAKING))
        await self.book.load()

    async def join(self) -> None:
        """Start beside another one that has filled the database."""
        await self.ledger.load("test")
        await self.book.load()

    async def end(self) -> None:
        """Stop it."""
        await self.changes.drain()
        await self.ledger.close()

    async def change_key(self, name: str, **changes: Any) -> None:
        """Change a key behind the service's back."""
        seen = self.keys.get(name)
        changed = msgspec.structs.replace(seen, **changes, update_time=self.later())
        self.database.keys.update(changed, seen)
        await self.book.refresh()

    def asker(self, who: str) -> Asker:
        """Return somebody as the service sees them."""
        return Asker(
            identity=who,
            roles=frozenset({PEOPLE[who]}),
            request_id="r",
            requester=Requester(client=who),
        )

    async def call(self, who: str, method: str, **fields: Any) -> Any:
        """Call a method with the fields of its request, as the dispatcher does."""
        path = f"/signetd.api.v1.SealService/{method}"
        self.last = Call(path, identity=who, roles=frozenset({PEOPLE[who]}))
        calls.begin(self.last)
        request = getattr(messages, f"{method}Request")(**fields)
        answer = getattr(self.api, _snake_case(method))
        return await answer(request)

    async def apply(self, seal: str = "company", who: str = "applicant", **changes: Any) -> Any:
        """Apply for a seal."""
        return await self.call(who, "ApplyForSeal", **application(seal, **changes))

    async def review(self, seal: str = "company", who: str = "reviewer", **fields: Any) -> Any:
        """Accept an application, or what *fields* say."""
        fields.setdefault("accepted", True)
        return await self.call(who, "ReviewSeal", name=f"seals/{seal}", **fields)

    async def make(self, seal: str = "company", who: str = "reviewer", **fields: Any) -> Any:
        """Make a seal."""
        fields.setdefault("maker_key", "keys/maker")
        fields.setdefault("seal_id", f"3301-{seal}")
        return await self.call(who, "MakeSeal", name=f"seals/{seal}", **fields)

    async def file(self, seal: str = "company", who: str = "reviewer", **fields: Any) -> Any:
        """File a seal."""
        fields.setdefault("filing_number", "F-1")
        return await self.call(who, "FileSeal", name=f"seals/{seal}", **fields)

    async def act(
        self, act: str, seal: str = "company", who: str = "reviewer", **fields: Any
    ) -> Any:
        """Suspend, resume or cancel a seal."""
        fields.setdefault("reason", f"to {act.lower()} it")
        return await self.call(who, f"{act}Seal", name=f"seals/{seal}", **fields)

    async def get(self, seal: str = "company", who: str = "reviewer") -> Any:
        """Get a seal."""
        return await self.call(who, "GetSeal", name=f"seals/{seal}")

    async def made(self, seal: str = "company", **changes: Any) -> Any:
        """Have a seal made."""
        await self.apply(seal, **changes)
        await self.review(seal)
        return await self.make(seal)

    async def in_use(self, seal: str = "company", **changes: Any) -> Any:
        """Have a seal made and filed."""
        await self.made(seal, **changes)
        return await self.file(seal)

    async def events(self, seal: str = "company") -> list[Any]:
        """Return the history of a seal."""
        reply = await self.call("auditor", "ListSealEvents", name=f"seals/{seal}")
        return list(reply.events)

    def records(self, **wanted: str) -> list[dict[str, Any]]:
        """Return the records of the audit in which fields have these values."""
        bodies = self.database.audit(self.chain).bodies(1, None, 10_000)
        found = [msgspec.json.decode(body) for body in bodies]
        return [
            each for each in found if all(each.get(name) == value for name, value in wanted.items())
        ]


def application(seal: str = "company", **changes: Any) -> dict[str, Any]:
    """Return the fields of an application."""
    fields: dict[str, Any] = {
        "seal": seal,
        "kind": messages.SEAL_KIND_LEGAL_NAME,
        "title": "测试有限公司",
        "owner": {"name": "测试有限公司", "unified_social_credit_code": samples.CODE},
        "picture": {"kind": "PNG", "data": samples.png(), "width": 40, "height": 40},
        "valid_from": samples.NOW - samples.DAY,
        "valid_until": samples.NOW + 300 * samples.DAY,
        "signing_key": "keys/sealing",
    }
    return fields | changes


@asynccontextmanager
async def opened(database: Database, **options: Any) -> AsyncIterator[Office]:
    """Give an office that is closed afterwards."""
    office = Office(database, **options)
    await office.begin()
    try:
        yield office
    finally:
        await office.end()


async def refusal(work: Awaitable[Any]) -> SignetError:
    """Return the error of what must be refused."""
    with pytest.raises(SignetError) as caught:
        await work
    return caught.value


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
