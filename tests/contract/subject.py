"""What the suite is run against: a token, how to open it, and what it does not support."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from signetd.drivers.algorithms import ALGORITHMS_OF
from signetd.drivers.types import (
    Algorithm,
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    SignOrder,
    TokenInfo,
    TokenSettings,
)
from tests.contract.backdoor import Backdoor


class Driver(Protocol):
    """An open token, unlocked. Every method raises SignetError."""

    @property
    def info(self) -> TokenInfo:
        """What the token says of itself."""
        ...

    def list_keys(self) -> list[KeyInfo]:
        """List the key pairs afresh."""
        ...

    def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        """Find the one key pair that is meant, protected as it must be."""
        ...

    def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair."""
        ...

    def sign(self, order: SignOrder) -> bytes:
        """Make one signature."""
        ...

    def destroy(self, ref: KeyRef) -> None:
        """Destroy a key pair, and its certificates."""
        ...

    def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
        """Put the certificate of a key pair beside it, in place of the former."""
        ...

    def read_certificate(self, ref: KeyRef) -> bytes:
        """Return the certificate beside a key pair, empty for none."""
        ...


class Feature(StrEnum):
    """What a token, or its module, may be unable to do. Each lack is tested to be refused."""

    SAME_ID = "it keeps two key pairs under the same CKA_ID; else the later takes the first's place"
    UNPROTECTED_KEYS = "it makes extractable keys when it is asked for them"
    LONE_PRIVATE_KEYS = "a private key is served without its public object"
    SEES_OTHERS = "an open token shows what other programs do to its keys; else one opened later"
    SEVERAL_WORKERS = "several workers serve it, and each finds what another has made"
    CLEAR_LOGIN_ERRORS = "a login that fails without the PIN being wrong says why; else it locks"
    CERTIFICATES = "it keeps certificates beside key pairs"
    OWN_SERIAL = "its serial number tells it from the other tokens of its module"


class Spot(StrEnum):
    """What cannot be staged with a token: nobody can do it, or the suite cannot."""

    TWIN = "a second token with the same label beside it"
    REMOVAL = "being removed while it is open"
    RAW_OBJECTS = "looking at the attributes of its objects"
    MODULE = "faults of its module, and the doctor's examination"
    WRONG_PIN = "a wrong PIN, which its token counts"


@dataclass(frozen=True)
class Lacks:
    """What a token does not support; the suite tests that it refuses it clearly.

    ``unstaged`` names what the suite cannot bring about with it, with the reason.
    """

    key_types: frozenset[KeyType] = frozenset()
    algorithms: frozenset[Algorithm] = frozenset()
    features: frozenset[Feature] = frozenset()
    unstaged: Mapping[Spot, str] = field(default_factory=dict)


Open = Callable[[TokenSettings, Pin], AbstractContextManager[Driver]]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A token that the suite is run against.

    ``open`` opens it with these settings and PIN; ``backdoor`` is another program's view of it.
    ``twin`` makes a second token with its label and returns the serials of both; ``remove`` takes
    it away, which is its end. ``same_as`` says for which key types another token is asked instead.
    """

    name: str
    settings: TokenSettings
    pin: Pin
    open: Open
    backdoor: Backdoor
    lacks: Lacks = Lacks()
    twin: Callable[[], set[str]] | None = None
    remove: Callable[[], None] | None = None
    same_as: Mapping[KeyType, str] = field(default_factory=dict)

    @property
    def key_types(self) -> list[KeyType]:
        """The key types that it makes and that are asked of it, quick ones first."""
        lacking = self.lacks.key_types | self.same_as.keys()
        return [k for k in QUICK_FIRST if k not in lacking]

    def algorithms(self, key_type: KeyType) -> list[Algorithm]:
        """The algorithms that it offers for a key type."""
        return [a for a in ALGORITHMS_OF[key_type] if a not in self.lacks.algorithms]


QUICK_FIRST = (
    *(KeyType.EC_P256, KeyType.SM2, KeyType.EC_P384, KeyType.EC_P521, KeyType.ED25519),
    *(KeyType.RSA_2048, KeyType.RSA_3072, KeyType.RSA_4096),
)
