"""What signs the audit: a key with the purpose AUDIT, wherever it is."""

import base64
import hashlib
from typing import Protocol

import msgspec


class AuditKey(msgspec.Struct, frozen=True, kw_only=True):
    """The key that signs: its resource name, its algorithm, its SubjectPublicKeyInfo in DER."""

    name: str
    algorithm: str
    spki: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, lower-case hex."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def spki_text(self) -> str:
        """The SubjectPublicKeyInfo as records hold it: base64 of DER."""
        return base64.b64encode(self.spki).decode()


class Signer(Protocol):
    """Signs what the audit is proven with."""

    def key(self) -> AuditKey | None:
        """Return the key that signs from now on; None if there is to be none. Never raises."""
        ...

    async def sign(self, key: AuditKey, data: bytes) -> bytes:
        """Sign the message *data* with *key*; DER for SM2 and ECDSA. Raises SignetError."""
        ...
