"""What the daemon knows of a key: its registration."""

import hashlib
from datetime import datetime
from enum import StrEnum

import msgspec

from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.drivers.types import Algorithm, KeyRef, KeyType, ProtectionLevel


class KeyState(StrEnum):
    """Whether a key may be used; only an enabled key signs, each of them verifies.

    A key in quarantine made signatures that are not valid; an administrator can enable it again.
    """

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    DESTROYED = "DESTROYED"
    QUARANTINED = "QUARANTINED"


class KeyOrigin(StrEnum):
    """How a key came to be registered."""

    GENERATED = "GENERATED"
    ENROLLED = "ENROLLED"


class KeyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair in whose place another one has come: it verifies, and does not sign any more.

    What it has in common with RegisteredKey is as there. ``destroyed``: the pair is gone.
    """

    version: int
    destroyed: bool = False
    token: str
    token_label: str
    token_serial: str
    cka_id: bytes
    spki: bytes
    protection_level: ProtectionLevel
    create_time: datetime
    certificates: tuple[bytes, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of ``spki``, lower-case hex."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def ref(self) -> KeyRef:
        """Where the token finds the key pair, and how it makes sure that it is this one."""
        return KeyRef(self.cka_id, hashlib.sha256(self.spki).digest())


class RegisteredKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair in a token, registered under a name.

    ``token`` is the bare name from the configuration; ``cka_id`` are the bytes of CKA_ID;
    ``spki`` is the SubjectPublicKeyInfo in DER; the times carry a time zone. ``certificates`` are
    DER, that of this pair first, then its chain; none if none was imported. ``older`` are the
    versions before ``version``, the newest first.
    """

    id: str
    key_type: KeyType
    default_algorithm: Algorithm
    state: KeyState
    origin: KeyOrigin
    version: int
    token: str
    token_label: str
    token_serial: str
    cka_id: bytes
    spki: bytes
    protection_level: ProtectionLevel
    create_time: datetime
    update_time: datetime
    purpose: KeyPurpose = KeyPurpose.SIGNING
    policy: KeyPolicy = KeyPolicy()
    certificates: tuple[bytes, ...] = ()
    older: tuple[KeyVersion, ...] = ()

    @property
    def is_verified(self) -> bool:
        """Whether each signature is verified before it leaves: always, but for keys for SIGNING.

        Whatever a policy says that came into the database by another way than `set_policy`.
        """
        return not (self.policy.skip_verification and self.purpose is KeyPurpose.SIGNING)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of ``spki``, lower-case hex."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def ref(self) -> KeyRef:
        """Where the token finds the key pair, and how it makes sure that it is this one."""
        return KeyRef(self.cka_id, hashlib.sha256(self.spki).digest())
