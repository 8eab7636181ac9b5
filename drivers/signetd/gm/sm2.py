"""SM2 in software (GB/T 32918.2): public keys, Z, the digest e, and verification.

Backends: the host's libcrypto where it has SM2, else the gmssl package. Private keys never pass
through here.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature

from signetd.gm import backend, sm3
from signetd.gm.oids import SM2_CURVE_DER

DEFAULT_SIGNER_ID: Final = b"1234567812345678"
MAX_SIGNER_ID_BYTES: Final = 8191
"""ENTL counts the ID's bits in 16 bits (GB/T 32918.2, 5.5)."""

P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
A: Final = P - 3
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
GX: Final = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY: Final = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
_CURVE: Final = b"".join(number.to_bytes(32) for number in (A, B, GX, GY))

# SEQUENCE { SEQUENCE { id-ecPublicKey, SM2 curve }, BIT STRING of 65 bytes }
_SPKI_HEAD: Final = (
    bytes.fromhex("3059301306072a8648ce3d0201") + SM2_CURVE_DER + bytes.fromhex("034200")
)


@dataclass(frozen=True)
class Sm2PublicKey:
    """A public key on the SM2 curve; ``point`` is 04 ‖ x ‖ y, 65 bytes.

    Raises ValueError unless it is a point of the curve.
    """

    point: bytes

    def __post_init__(self) -> None:
        point = self.point
        if len(point) != 65 or point[0] != 4:
            raise ValueError("an SM2 public key is 04 ‖ x ‖ y, 65 bytes, or x ‖ y, 64 bytes")
        x, y = int.from_bytes(point[1:33]), int.from_bytes(point[33:])
        if x >= P or y >= P or (y * y - (x * x * x + A * x + B)) % P:
            raise ValueError("the SM2 public key is not a point of the curve")

    @classmethod
    def from_point(cls, point: bytes) -> "Sm2PublicKey":
        """Take 04 ‖ x ‖ y or x ‖ y. Raises ValueError unless it is a point of the curve."""
        return cls(b"\x04" + point if len(point) == 64 else bytes(point))

    @classmethod
    def from_spki(cls, der: bytes) -> "Sm2PublicKey":
        """Read a SubjectPublicKeyInfo with the SM2 curve, in DER. Raises ValueError."""
        if len(der) != len(_SPKI_HEAD) + 65 or not der.startswith(_SPKI_HEAD):
            raise ValueError("the SubjectPublicKeyInfo is not one of an SM2 key in DER")
        return cls.from_point(der[len(_SPKI_HEAD) :])

    def to_spki(self) -> bytes:
        """Write the SubjectPublicKeyInfo in DER."""
        return _SPKI_HEAD + self.point


def z_value(key: Sm2PublicKey, signer_id: bytes = DEFAULT_SIGNER_ID) -> bytes:
    """Return Z of GB/T 32918.2, 5.5: 32 bytes. Raises ValueError for an ID that is too long."""
    if len(signer_id) > MAX_SIGNER_ID_BYTES:
        raise ValueError(
            f"a signer ID has at most {MAX_SIGNER_ID_BYTES} bytes, not {len(signer_id)}"
        )
    entl = (8 * len(signer_id)).to_bytes(2)
    return sm3.sm3(entl + signer_id + _CURVE + key.point[1:])


def new_message_hash(key: Sm2PublicKey, signer_id: bytes = DEFAULT_SIGNER_ID) -> sm3.Sm3Hash:
    """Begin e = SM3(Z ‖ M) with Z absorbed; update with M, then digest() is e."""
    return sm3.new(z_value(key, signer_id))


def message_digest(
    key: Sm2PublicKey, message: bytes, signer_id: bytes = DEFAULT_SIGNER_ID
) -> bytes:
    """Return e = SM3(Z ‖ M), 32 bytes."""
    state = new_message_hash(key, signer_id)
    state.update(message)
    return state.digest()


def verify_digest(key: Sm2PublicKey, digest: bytes, signature: bytes) -> None:
    """Verify *signature* (r‖s, 64 bytes) of e = *digest* (32 bytes) (GB/T 32918.2, 7).

    Raises InvalidSignature; ValueError for a digest of another length.
    """
    if len(digest) != 32:
        raise ValueError(f"e has 32 bytes, not {len(digest)}")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if len(signature) != 64 or not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        raise InvalidSignature
    if not backend.current()(key.to_spki(), digest, signature):
        raise InvalidSignature


def verify(
    key: Sm2PublicKey, message: bytes, signature: bytes, signer_id: bytes = DEFAULT_SIGNER_ID
) -> None:
    """Verify *signature* (r‖s, 64 bytes) of *message*. Raises InvalidSignature."""
    verify_digest(key, message_digest(key, message, signer_id), signature)
