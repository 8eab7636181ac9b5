"""Public keys, and signatures of the audit verified with them."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signetd.gm import sm2
from signetd.gm.encoding import der_to_raw

_PEM: Final = re.compile(
    rb"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----"
)
_HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
_CURVES: Final = {
    "ECDSA_P256_SHA256": "secp256r1",
    "ECDSA_P384_SHA384": "secp384r1",
    "ECDSA_P521_SHA512": "secp521r1",
}
_RSA: Final = re.compile(r"RSA_(PKCS1|PSS)_SHA(256|384|512)")


class PublicKeyError(Exception):
    """A public key cannot be read; the message says why."""


def fingerprint(spki: bytes) -> str:
    """Return the SHA-256 of a SubjectPublicKeyInfo in DER, lower-case hex."""
    return hashlib.sha256(spki).hexdigest()


def read_public_key(pem: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo in DER of a PEM file; raises PublicKeyError."""
    found = _PEM.search(pem)
    if found is None:
        raise PublicKeyError("it has no PUBLIC KEY in PEM")
    try:
        spki = base64.b64decode(b"".join(found[1].split()), validate=True)
    except binascii.Error:
        raise PublicKeyError("its PEM is not base64") from None
    _load(spki)
    return spki


def decode_spki(text: str) -> bytes:
    """Return the SubjectPublicKeyInfo of a record's ``key_spki``; raises PublicKeyError."""
    try:
        spki = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise PublicKeyError("the public key is not base64") from None
    if base64.b64encode(spki).decode() != text:
        raise PublicKeyError("the public key is not base64 in its one form")
    return spki


def is_valid(spki: bytes, algorithm: str, data: bytes, signature: bytes) -> bool:
    """Say whether *signature* of the message *data* is valid; DER for SM2 and ECDSA.

    Raises PublicKeyError for a key that cannot be used, or is not one for *algorithm*.
    """
    key = _load(spki)
    try:
        _verify(key, algorithm, data, signature)
    except (InvalidSignature, ValueError):
        return False
    return True


def _load(spki: bytes) -> Any:
    try:
        return sm2.Sm2PublicKey.from_spki(spki)
    except ValueError:
        pass  # not SM2: the others are read by cryptography
    try:
        return load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise PublicKeyError("the public key cannot be read") from None


def _verify(key: Any, algorithm: str, data: bytes, signature: bytes) -> None:
    matched = _RSA.fullmatch(algorithm)
    if isinstance(key, sm2.Sm2PublicKey) and algorithm == "SM2_SM3":
        sm2.verify(key, data, der_to_raw(signature, 32))
    elif isinstance(key, ed25519.Ed25519PublicKey) and algorithm == "ED25519":
        key.verify(signature, data)
    elif isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == _CURVES.get(algorithm):
        der_to_raw(signature, (key.curve.key_size + 7) // 8)  # refuses all forms but one
        key.verify(signature, data, ec.ECDSA(_hash_of(algorithm)))
    elif isinstance(key, rsa.RSAPublicKey) and matched is not None:
        key.verify(signature, data, _padding(matched[1], algorithm), _hash_of(algorithm))
    else:
        raise PublicKeyError(f"the public key is not one for {algorithm[:40]!r}")


def _hash_of(algorithm: str) -> hashes.HashAlgorithm:
    return _HASHES[algorithm.rpartition("_")[2]]()


def _padding(kind: str, algorithm: str) -> padding.AsymmetricPadding:
    if kind == "PKCS1":
        return padding.PKCS1v15()
    hash_ = _hash_of(algorithm)
    return padding.PSS(padding.MGF1(hash_), hash_.digest_size)
