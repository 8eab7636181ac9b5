"""SealService with its stamps, on a real database, ledger, policy and approvals.

Only the token is software, and time-stamping authorities are.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gmssl.sm2 import CryptSM2, default_ecc_table  # type: ignore[import-untyped]

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.approvals.requirements import People
from signetd.daemon.approvals.use import ApprovalUses
from signetd.daemon.config.schema import Seals as Config
from signetd.daemon.policy.types import KeyPurpose, Operation
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.stamp_api import StampApi
from signetd.daemon.seals.judging import SealJudge
from signetd.daemon.seals.stamp_clock import StampClock
from signetd.daemon.seals.stamp_tokens import StampTokens
from signetd.daemon.seals.stamping import StampDesk
from signetd.daemon.signing import FaultCounter, SigningEngine
from signetd.daemon.state import Database
from signetd.daemon.state.grants import create_grant
from signetd.daemon.trust.folders import TrustFolders
from signetd.drivers.types import Requester, SignOrder
from tests.unit.daemon.policy.values import grant
from tests.unit.daemon.seals import samples
from tests.unit.daemon.seals.office import MAKER_SPKI, PEOPLE, Authority, Office, Token, registered

DOCUMENT: Final = hashlib.new("sm3", "第 42 号合同".encode()).digest()
PROPERTY: Final = "/Doc_0/Signs/Sign_0/Signature.xml"
_PRIVATE: Final = "1649ab77a00637bd5e2efe283fbf353534aa7f7cb89463f208ddbc2920bb0da0"


def _public() -> str:
    curve = CryptSM2(private_key=_PRIVATE, public_key="")
    point: str = curve._kg(int(_PRIVATE, 16), default_ecc_table["g"])
    return point


SPKI: Final = MAKER_SPKI[:-64] + bytes.fromhex(_public())
"""The public key that stamps."""


class StampToken(Token):
    """Signs with the maker's key and the one that stamps, each with its own."""

    async def sign(self, order: SignOrder, requester: Requester) -> bytes:
        if order.key.fingerprint != hashlib.sha256(SPKI).digest():
            return await super().sign(order, requester)
        if self.failure is not None:
            raise self.failure
        self.signed += 1
        if self.meanwhile is not None:
            await self.meanwhile()
        signer, made = CryptSM2(private_key=_PRIVATE, public_key=SPKI[-64:].hex()), None
        while made is None:
            made = signer.sign(order.data, secrets.token_hex(31))
        return bytes.fromhex(made)


class StampOffice(Office):
    """The office, in which `colleague` may stamp with the key `stamping`."""

    def __init__(self, database: Database, folder: Path, **options: Any) -> None:
        super().__init__(database)
        self.token = StampToken()
        self.folder = folder
        roots = folder / "roots"
        roots.mkdir()
        (roots / "root.der").write_bytes(samples.root())
        self.config = Config(
            **{"makers": roots, "signers": roots, "revocation": "ignored", **options}
        )
        tokens: Any = {"t": self.token}
        engine = SigningEngine(self.keys, tokens, FaultCounter(self.keys, {"t": 3}))
        uses = ApprovalUses(database.approvals, People(self.book), self.changes, self.clock)
        self.seals = self._seals(engine, uses, published=False)
        self.api._seals = self.seals
        self.judge = SealJudge(self.config, TrustFolders(self.config), self.clock)
        self.authority = Authority()
        self.slept: list[float] = []
        self._grants = 10
        self.desk = StampDesk(
            database.seals,
            self.keys,
            self.gate,
            self.judge,
            StampClock(
                self.clock,
                lambda: self.ledger.tail.time,
                self.config.clock_tolerance,
                self._sleep,
            ),
            StampTokens(self.authority),
            engine,
            uses,
            self.ledger,
        )
        self.stamps = StampApi(self.desk, self.recorder)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)

    async def begin(self) -> None:
        await super().begin()
        certificate = samples.certificate(SPKI, "stamping")
        key = registered("stamping", KeyPurpose.SEALING, spki=SPKI, certificates=(certificate,))
        self.database.keys.add(key)
        await self.allow("applicant", Operation.READ)
        await self.allow("colleague")

    async def allow(self, who: str, operation: Operation = Operation.STAMP, **fields: Any) -> str:
        """Grant something, about the key `stamping` if nothing else is said; return its name."""
        self._grants += 1
        fields.setdefault("keys", "stamping")
        name = f"g{self._grants}"
        made = grant(name, identity=who, operations=frozenset({operation}), **fields)
        with self.database.transaction("The test") as connection:
            create_grant(made)(connection, self.now)
        await self.book.refresh()
        return name

    async def end(self) -> None:
        await self.desk.drain()
        await super().end()

    async def sealed(self, seal: str = "company", **changes: Any) -> Any:
        """Have a seal made and filed that stamps with the key `stamping`."""
        return await self.in_use(seal, **{"signing_key": "keys/stamping", **changes})

    async def stamp(self, seal: str = "company", who: str = "colleague", **fields: Any) -> Any:
        """Stamp the document."""
        self.begin_call(who)
        return await self.stamps.stamp(order(seal, **fields))

    async def batch(self, *orders: messages.StampRequest, who: str = "colleague") -> Any:
        """Stamp several documents."""
        self.begin_call(who)
        return await self.stamps.batch_stamp(messages.BatchStampRequest(requests=orders))

    def begin_call(self, who: str) -> None:
        """Begin a call, as the dispatcher does."""
        path = "/signetd.api.v1.SealService/Stamp"
        self.last = Call(path, identity=who, roles=frozenset({PEOPLE[who]}))
        calls.begin(self.last)

    def meanwhile(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Have something done once, while the token signs."""

        async def once() -> None:
            self.token.meanwhile = None
            call = calls.current()
            await work()
            calls.begin(call)

        self.token.meanwhile = once

    def last_record(self) -> dict[str, Any]:
        """Return the newest record of the audit."""
        return self.records()[-1]


def order(seal: str = "company", **fields: Any) -> messages.StampRequest:
    """Return the request for a stamp on the document."""
    given = {"document_digest": DOCUMENT, "property_info": PROPERTY}
    return messages.StampRequest(seal=f"seals/{seal}", **(given | fields))


@asynccontextmanager
async def opened(database: Database, folder: Path, **options: Any) -> AsyncIterator[StampOffice]:
    """Give an office that is closed afterwards."""
    office = StampOffice(database, folder, **options)
    await office.begin()
    try:
        yield office
    finally:
        await office.end()
