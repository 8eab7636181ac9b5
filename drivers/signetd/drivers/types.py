"""The values that drivers, workers and the daemon exchange: plain, frozen, with a schema."""

from enum import StrEnum

import msgspec


class KeyType(StrEnum):
    """What kind of key pair a key is."""

    SM2 = "SM2"
    RSA_2048 = "RSA_2048"
    RSA_3072 = "RSA_3072"
    RSA_4096 = "RSA_4096"
    EC_P256 = "EC_P256"
    EC_P384 = "EC_P384"
    EC_P521 = "EC_P521"
    ED25519 = "ED25519"


class Algorithm(StrEnum):
    """How a signature is computed, its hash included."""

    SM2_SM3 = "SM2_SM3"
    RSA_PKCS1_SHA256 = "RSA_PKCS1_SHA256"
    RSA_PKCS1_SHA384 = "RSA_PKCS1_SHA384"
    RSA_PKCS1_SHA512 = "RSA_PKCS1_SHA512"
    RSA_PSS_SHA256 = "RSA_PSS_SHA256"
    RSA_PSS_SHA384 = "RSA_PSS_SHA384"
    RSA_PSS_SHA512 = "RSA_PSS_SHA512"
    ECDSA_P256_SHA256 = "ECDSA_P256_SHA256"
    ECDSA_P384_SHA384 = "ECDSA_P384_SHA384"
    ECDSA_P521_SHA512 = "ECDSA_P521_SHA512"
    ED25519 = "ED25519"


class Input(StrEnum):
    """What is handed to a token: the message, or its digest (SM2: e)."""

    MESSAGE = "message"
    DIGEST = "digest"


class ProtectionLevel(StrEnum):
    """How well a private key is protected, as far as its token can prove it."""

    UNPROVEN = "UNPROVEN"
    SOFTWARE = "SOFTWARE"
    HARDWARE = "HARDWARE"


class Remedy(StrEnum):
    """What may cure a failure in a token: the rungs of recovery, from the cheapest."""

    NONE = "none"
    SESSION = "session"
    LOGIN = "login"
    WORKER = "worker"


class Pin:
    """A PIN that cannot be printed by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the PIN itself; call it only where the PIN is handed to the token."""
        return self._value

    def __repr__(self) -> str:
        return "Pin(redacted)"

    __str__ = __repr__


class Requester(msgspec.Struct, frozen=True):
    """For whom a token works, and until when: queues are fair between clients.

    ``deadline`` is in seconds of the monotonic clock; after it nobody waits for the answer, and
    the token is not asked. None: it never ends.
    """

    client: str = ""
    deadline: float | None = None


class TokenSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which token a worker serves: its module, how to find it, how it behaves.

    ``profile_text`` is the profile itself (TOML) where it is one of the administrator's.
    ``workers`` is how many share it. ``memory_limit`` is in bytes of a worker's data; 0: none.
    """

    module: str
    label: str = ""
    serial: str = ""
    profile: str = "standard"
    profile_text: str = ""
    environment: dict[str, str] = {}
    workers: int = 1
    memory_limit: int = 0


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a token says of itself, and which algorithms it offers with which inputs.

    ``better_profile`` is the one that fits it better than its own by what it says, "" if none does.
    """

    label: str
    serial: str
    manufacturer: str
    model: str
    module: str
    protection_level: ProtectionLevel
    inputs: dict[Algorithm, list[Input]]
    better_profile: str = ""


class KeyRef(msgspec.Struct, frozen=True):
    """A key pair on a token: its CKA_ID, and the SHA-256 of its SubjectPublicKeyInfo.

    Both must match: CKA_ID alone is not unique, and another key may come to stand under it.
    """

    cka_id: bytes
    fingerprint: bytes


class KeyInfo(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A key pair that a token holds, with its public key as SubjectPublicKeyInfo in DER.

    ``weaknesses`` names what the token fails to prove of the private key; such a key is listed,
    and neither enrolled nor used. ``always_authenticate``: the token wants the PIN for each
    signature (CKA_ALWAYS_AUTHENTICATE).
    """

    ref: KeyRef
    label: str
    key_type: KeyType
    spki: bytes
    protection_level: ProtectionLevel
    weaknesses: list[str] = []
    always_authenticate: bool = False


AttributeValue = bool | str
"""An attribute of an object on a token: a truth value, or anything else as text."""


class Attributes(msgspec.Struct, frozen=True, tag=True):
    """What a token says of a private key now: its attributes by name, such as CKA_SENSITIVE.

    What the token does not report is not there. See pkcs11/attributes.py for how they are written.
    """

    values: dict[str, AttributeValue]


class ObscureKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key on a token that cannot be used, since it is not known which public key it has.

    Or its type is not served. ``why`` says so for people.
    """

    cka_id: bytes
    label: str
    why: str


class Survey(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Every private key on a token: the key pairs, and those of which no pair can be made."""

    pairs: list[KeyInfo]
    obscure: list[ObscureKey]


class Traces(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What a token shows of a key pair, counted by looking at every object in fresh sessions.

    ``private``, ``public``, ``certificates`` tell the pair's public key, or have its CKA_ID and
    tell none, so that they may be the pair's. ``others`` have its CKA_ID and tell another key.
    ``sessions`` is in how many sessions this was looked at, each in a process of its own, of which
    the largest counts are given; ``looked_at`` is how many objects there were in all.
    """

    private: int = 0
    public: int = 0
    certificates: int = 0
    others: int = 0
    looked_at: int = 0
    sessions: int = 1

    @property
    def gone(self) -> bool:
        """Whether nothing is left of the pair."""
        return not (self.private or self.public or self.certificates)

    def merged(self, other: "Traces") -> "Traces":
        """Return what is seen here and there: the largest counts, the sum of the sessions."""
        return Traces(
            private=max(self.private, other.private),
            public=max(self.public, other.public),
            certificates=max(self.certificates, other.certificates),
            others=max(self.others, other.others),
            looked_at=max(self.looked_at, other.looked_at),
            sessions=self.sessions + other.sessions,
        )


class SignOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One signature to make; ``signer_id`` counts for SM2 with a message only.

    With ``verify`` it is verified with the public key before it leaves the worker.
    """

    key: KeyRef
    algorithm: Algorithm
    input: Input
    data: bytes
    signer_id: bytes = b""
    verify: bool = True
