"""Public keys of certificates: which algorithm and size each has, and whether it is well made."""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from signetd.gm import oids, sm2
from signetd.pki import der
from signetd.pki.errors import InputError

SM2_SIGNING: Final = oids.SM2_CURVE + ".1"
_SM2_OTHERS: Final = {
    oids.SM2_CURVE + ".2": "key exchange",
    oids.SM2_CURVE + ".3": "encryption",
}
_PLACE: Final = "public key"

AnyKey = sm2.Sm2PublicKey | rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class KeyProblem(Exception):
    """A public key cannot be used; the message says why."""


@dataclass(frozen=True)
class Key:
    """A public key; *kind* is sm2, rsa, ed25519 or the curve's name; *remark* tells of oddities."""

    kind: str
    bits: int
    key: AnyKey
    remark: str = ""


def read(spki: bytes) -> Key:
    """Read the SubjectPublicKeyInfo of a certificate, DER. Raises KeyProblem."""
    inside = der.elements(der.single(spki, der.SEQUENCE, _PLACE).value, _PLACE)
    algorithm = der.elements(inside[0].value, _PLACE)
    identifier = der.oid(algorithm[0], _PLACE)
    parameters = algorithm[1] if len(algorithm) == 2 else None
    named = "" if parameters is None or parameters.tag != der.OID else der.oid(parameters, _PLACE)
    if identifier.startswith(oids.SM2_CURVE) or named.startswith(oids.SM2_CURVE):
        return _sm2(identifier, named, inside[1].value[1:])
    return _other(spki)


def same(one: bytes, other: bytes) -> bool:
    """Say whether two SubjectPublicKeyInfo, DER, have the same key, however it is written."""
    if one == other:
        return True
    try:
        first, second = read(one), read(other)
    except (KeyProblem, InputError):
        return False
    return first.kind == second.kind and first.key == second.key


def plain(spki: bytes) -> bytes:
    """Return a SubjectPublicKeyInfo (DER) as it is usually written: the same key, the same bytes.

    For SM2 that is id-ecPublicKey with the curve (GB/T 35276, 7.1). Raises KeyProblem, InputError.
    """
    key = read(spki).key
    if isinstance(key, sm2.Sm2PublicKey):
        return key.to_spki()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _sm2(identifier: str, curve: str, point: bytes) -> Key:
    """Take the key of id-ecPublicKey with the SM2 curve (GB/T 35276, 7.1), and what CAs write."""
    for oid in (identifier, curve):
        if oid in _SM2_OTHERS:
            raise KeyProblem(f"it is for {_SM2_OTHERS[oid]} only, not for signatures ({oid})")
    known = (oids.SM2_CURVE, SM2_SIGNING)
    if identifier not in (oids.EC_PUBLIC_KEY, *known) or curve not in ("", *known):
        raise KeyProblem(f"{identifier} with {curve or 'no curve'} is not a key on the SM2 curve")
    standard = identifier == oids.EC_PUBLIC_KEY and curve == oids.SM2_CURVE
    remark = "" if standard else f"written as {identifier} with {curve or 'no curve'}"
    if len(point) != 65:
        raise KeyProblem("the SM2 key is not an uncompressed point (04 ‖ x ‖ y)")
    try:
        return Key("sm2", 256, sm2.Sm2PublicKey(point), remark)
    except ValueError as error:
        raise KeyProblem(str(error)) from None


def _other(spki: bytes) -> Key:
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyProblem(f"it cannot be read ({error})") from None
    if isinstance(key, rsa.RSAPublicKey):
        return Key("rsa", key.key_size, key)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return Key(key.curve.name, key.key_size, key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Key("ed25519", 256, key)
    raise KeyProblem(f"{type(key).__name__.removesuffix('PublicKey')} keys are not supported")
