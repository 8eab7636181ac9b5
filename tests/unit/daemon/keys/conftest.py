"""What the tests of the keys share: a store in memory and a token that can be made to fail."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from signetd.daemon.keys import KeyManager, RegisteredKey
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import (
    Algorithm,
    Input,
    KeyInfo,
    KeyRef,
    KeyType,
    ObscureKey,
    ProtectionLevel,
    Survey,
    TokenInfo,
    Traces,
)


class MemoryStore:
    """A store without a database; ``failure`` is raised by the next writes."""

    def __init__(self) -> None:
        self.kept: dict[str, RegisteredKey] = {}
        self.failure: Exception | None = None

    def add(self, key: RegisteredKey) -> None:
        self._write(key)

    def update(self, key: RegisteredKey, seen: RegisteredKey) -> None:
        self._write(key)

    def all(self) -> list[RegisteredKey]:
        return list(self.kept.values())

    def _write(self, key: RegisteredKey) -> None:
        if self.failure:
            raise self.failure
        self.kept[key.id] = key


class FakeToken:
    """A token that holds key pairs by CKA_ID; ``gate`` holds generate and destroy up.

    One that ``lies`` destroys nothing and says that it did; ``destroyed_failure`` is its answer
    after it has.
    ``asked`` is set when the first pair is asked for.
    """

    def __init__(self) -> None:
        self.status = TokenStatus(TokenState.READY, "", datetime.now(UTC))
        offered: dict[Algorithm, list[Input]] = {each: [Input.DIGEST] for each in Algorithm}
        offered[Algorithm.RSA_PKCS1_SHA512] = []
        self.info: TokenInfo | None = TokenInfo(
            label="signing",
            serial="00a1",
            manufacturer="maker",
            model="model",
            module="module 1.0",
            protection_level=ProtectionLevel.SOFTWARE,
            inputs=offered,
        )
        self.pairs: list[KeyInfo] = []
        self.obscure: list[ObscureKey] = []
        self.calls: list[str] = []
        self.complaints: dict[str, str] = {}
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.generate_failure: SignetError | None = None
        self.destroy_failure: SignetError | None = None
        self.destroyed_failure: SignetError | None = None
        self.traces_failure: SignetError | None = None
        self.lies = False
        self.next_spki: bytes | None = None
        self.changes_id: Callable[[bytes], bytes] = lambda cka_id: cka_id

    def complain(self, topic: str, why: str) -> None:
        self.complaints[topic] = why

    def settle(self, topic: str) -> None:
        self.complaints.pop(topic, None)

    def hold(self, key_type: KeyType, *, label: str, cka_id: bytes, spki: bytes) -> KeyInfo:
        pair = KeyInfo(
            ref=KeyRef(cka_id, hashlib.sha256(spki).digest()),
            label=label,
            key_type=key_type,
            spki=spki,
            protection_level=ProtectionLevel.SOFTWARE,
        )
        self.pairs.append(pair)
        return pair

    async def keys(self) -> list[KeyInfo]:
        self.calls.append("keys")
        return list(self.pairs)

    async def survey(self) -> Survey:
        return Survey(pairs=list(self.pairs), obscure=list(self.obscure))

    async def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        self.calls.append("find_key")
        found = [
            pair
            for pair in self.pairs
            if (not cka_id or pair.ref.cka_id == cka_id) and (not label or pair.label == label)
        ]
        if len(found) != 1:
            reason = Reason.KEY_AMBIGUOUS if found else Reason.KEY_NOT_ON_TOKEN
            raise SignetError(reason, f"{len(found)} key pairs match.")
        return found[0]

    async def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        self.calls.append("generate")
        self.asked.set()
        await self.gate.wait()
        spki = self.next_spki or secrets.token_bytes(91)
        pair = self.hold(key_type, label=label, cka_id=self.changes_id(cka_id), spki=spki)
        if self.generate_failure:
            raise self.generate_failure
        return pair

    async def destroy(self, ref: KeyRef) -> None:
        self.calls.append("destroy")
        await self.gate.wait()
        if self.destroy_failure:
            raise self.destroy_failure
        if all(pair.ref != ref for pair in self.pairs):
            raise SignetError(Reason.KEY_NOT_ON_TOKEN, "There is no such pair.")
        if not self.lies:
            self.pairs = [pair for pair in self.pairs if pair.ref != ref]
        if self.destroyed_failure:
            raise self.destroyed_failure

    async def find_traces(self, ref: KeyRef) -> Traces:
        self.calls.append("find_traces")
        if self.traces_failure:
            raise self.traces_failure
        left = sum(pair.ref == ref for pair in self.pairs)
        return Traces(private=left, public=left, looked_at=2 * len(self.pairs))


@pytest.fixture
def store() -> MemoryStore:
    """A store in memory."""
    return MemoryStore()


@pytest.fixture
async def token() -> FakeToken:
    """A token that is ready; its failures can be set."""
    return FakeToken()


@pytest.fixture
async def manager(store: MemoryStore, token: FakeToken) -> KeyManager:
    """The keys of the store, with the token `hsm1`."""
    manager = KeyManager(store, {"hsm1": token})
    await manager.load()
    return manager


@pytest.fixture
def restart(store: MemoryStore, token: FakeToken) -> Callable[[], KeyManager]:
    """Makes another manager of the same store and token, as after a restart."""
    return lambda: KeyManager(store, {"hsm1": token})
