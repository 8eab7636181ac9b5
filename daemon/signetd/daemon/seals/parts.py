"""What seals are managed with: other parts of the daemon, as far as they are needed here."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from signetd.daemon.audit.types import Charge, Effect, Written
from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import Asker, Operation
from signetd.daemon.seals.types import Act, RegisteredSeal, SealEvent, SealState
from signetd.daemon.signing.types import Signed
from signetd.daemon.signing.validate import Checked
from signetd.drivers.types import Requester
from signetd.pki import Certificate

Clock = Callable[[], datetime]
"""Tells the time, with its zone."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does to a seal, for its history; ``values`` are what else it changes."""

    act: Act
    identity: str
    reason: str = ""
    values: Mapping[str, Any] = {}


class Policy(Protocol):
    """Holds identities, grants and keys as they are now."""

    @property
    def snapshot(self) -> Snapshot:
        """The policy."""
        ...

    async def refresh(self) -> None:
        """Read it anew if it has changed, and the keys with it."""
        ...


class Keys(Protocol):
    """Where keys are looked up."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...


class Gate(Protocol):
    """What knows who may see which keys."""

    def key(self, asker: Asker, operation: Operation, key_id: str) -> RegisteredKey:
        """Return a key that somebody may use; raises PERMISSION_DENIED, KEY_NOT_FOUND."""
        ...

    def sees(self, asker: Asker, key: RegisteredKey) -> bool:
        """Whether somebody may read this key."""
        ...


class Engine(Protocol):
    """What makes signatures."""

    async def sign(self, checked: Checked, digest: bytes, requester: Requester) -> Signed:
        """Sign what was checked."""
        ...


class Recorder(Protocol):
    """Writes what the current call does into the audit."""

    async def act(
        self,
        resource: str,
        *effects: Effect,
        detail: str = "",
        approval: str = "",
        charges: tuple[Charge, ...] = (),
        policy_version: int = 0,
        signed: Mapping[str, Any] | None = None,
    ) -> Written:
        """Record an act with its effects and costs, all or nothing; raises what an effect does."""
        ...


class Statements(Protocol):
    """Signs what the daemon states, with its AUDIT key."""

    async def sign(self, kind: str, body: Mapping[str, str | int | bool]) -> bytes:
        """Return the statement with its signature, as JSON; raises STATEMENT_UNSIGNED, …."""
        ...


class SealVerifier(Protocol):
    """Knows whose seals are to be trusted."""

    async def verify(self, der: bytes, trust_list: str) -> None:
        """Raise SEAL_INVALID unless the seal (SESeal, DER) verifies now; TRUST_LIST_NOT_FOUND.

        *trust_list* is a resource name; "" for the daemon's configuration.
        """
        ...


class MakerJudge(Protocol):
    """Knows who may make seals."""

    async def check_maker(self, certificate: Certificate, others: Iterable[bytes] = ()) -> None:
        """Raise KEY_CERTIFICATE_UNSUITABLE unless seals may be made with the certificate now.

        *others* are certificates of CAs, DER, beside those of the configuration; none is trusted.
        """
        ...

    async def check_made(self, seal: str, der: bytes, others: Iterable[bytes] = ()) -> None:
        """Raise SEAL_NOT_VALID_NOW unless a seal that was made, SESeal in DER, verifies now."""
        ...


class Store(Protocol):
    """The seals as they are kept: state.seals.SealStore. What returns no Effect blocks."""

    def get(self, seal: str, *, whole: bool = True) -> RegisteredSeal | None:
        """Read one by its name; without its picture, data and record of filing if not whole."""
        ...

    def find(self, *, seal_id: str = "", sm3: str = "") -> RegisteredSeal | None:
        """Read one by its code or by SM3 of its data, not whole."""
        ...

    def page(
        self,
        after: str,
        size: int,
        states: Collection[SealState],
        code: str,
        shown: Callable[[RegisteredSeal], bool],
    ) -> tuple[list[RegisteredSeal], str]:
        """Read a page by name, and after which name the next one begins, "" on the last."""
        ...

    def events(self, seal: str) -> list[SealEvent]:
        """Read a seal's history, the oldest first."""
        ...

    def add(self, seal: RegisteredSeal, step: Step, replaced: str = "") -> Effect:
        """Return what adds a seal, and the first entry of its history."""
        ...

    def move(self, seen: RegisteredSeal, step: Step) -> Effect:
        """Return what carries out a step of the seal as it was seen."""
        ...

    def replace(self, old: str, by: RegisteredSeal, identity: str) -> Effect:
        """Return what cancels a seal in whose place another one is."""
        ...

    def in_use(self, seen: RegisteredSeal) -> Effect:
        """Return what looks whether a seal is in use, and unchanged since it was seen."""
        ...

    def compromise(self, key: str, identity: str, reason: str, suspended: list[str]) -> Effect:
        """Return what suspends all seals of a key, names them, and disables the key."""
        ...
