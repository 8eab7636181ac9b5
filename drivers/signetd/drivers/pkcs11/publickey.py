"""The public key of a key pair on a token, as SubjectPublicKeyInfo, from what tokens report."""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from pkcs11.constants import Attribute

from signetd.drivers.pkcs11.plan import EC_PARAMS
from signetd.drivers.types import KeyType
from signetd.gm import sm2

CKK_RSA: Final = 0x0
CKK_EC: Final = 0x3
CKK_EC_EDWARDS: Final = 0x40

ATTRIBUTES: Final = (
    Attribute.KEY_TYPE,
    Attribute.MODULUS,
    Attribute.PUBLIC_EXPONENT,
    Attribute.EC_PARAMS,
    Attribute.EC_POINT,
)
_CURVES: Final[dict[bytes, ec.EllipticCurve]] = {
    EC_PARAMS[KeyType.EC_P256]: ec.SECP256R1(),
    EC_PARAMS[KeyType.EC_P384]: ec.SECP384R1(),
    EC_PARAMS[KeyType.EC_P521]: ec.SECP521R1(),
}


def spki(attributes: Mapping[int, Any], sm2_key_type: int | None) -> bytes:
    """Build the SubjectPublicKeyInfo (DER) from *attributes* of a public or private object.

    *sm2_key_type* is the vendor's CKK for SM2. Raises ValueError when the attributes do not
    suffice or make no key of a kind that is served.
    """
    key_type = attributes.get(Attribute.KEY_TYPE)
    if key_type == CKK_RSA:
        return _rsa(attributes)
    point = attributes.get(Attribute.EC_POINT)
    if not point:
        raise ValueError("the token reports no CKA_EC_POINT for it")
    params = attributes.get(Attribute.EC_PARAMS, b"")
    if key_type == CKK_EC_EDWARDS:
        return _dump(ed25519.Ed25519PublicKey.from_public_bytes(bare_point(point, 32)))
    vendor_sm2 = key_type == sm2_key_type and key_type != CKK_EC
    if params == EC_PARAMS[KeyType.SM2] or vendor_sm2:
        return sm2.Sm2PublicKey.from_point(bare_point(point, 65, 64)).to_spki()
    if key_type == CKK_EC and sm2_key_type is not None and _on_sm2_curve(point, params):
        return sm2.Sm2PublicKey.from_point(bare_point(point, 65, 64)).to_spki()
    if key_type != CKK_EC or params not in _CURVES:
        raise ValueError(f"its key type {key_type!r} or curve {params.hex()} is not served")
    curve = _CURVES[params]
    size = 1 + 2 * ((curve.key_size + 7) // 8)
    return _dump(ec.EllipticCurvePublicKey.from_encoded_point(curve, bare_point(point, size)))


def _on_sm2_curve(point: bytes, params: bytes) -> bool:
    """Tell an SM2 key whose token names no curve, or wrongly P-256: its point is on one only."""
    if params not in (b"", EC_PARAMS[KeyType.EC_P256]):
        return False
    try:
        sm2.Sm2PublicKey.from_point(bare_point(point, 65, 64))
    except ValueError:
        return False
    return True


def _rsa(attributes: Mapping[int, Any]) -> bytes:
    try:
        modulus, exponent = attributes[Attribute.MODULUS], attributes[Attribute.PUBLIC_EXPONENT]
    except KeyError as missing:
        raise ValueError("the token does not report its modulus and public exponent") from missing
    numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus))
    return _dump(numbers.public_key())


def _dump(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def bare_point(value: bytes, *sizes: int) -> bytes:
    """Take the point out of CKA_EC_POINT: bare, or in a DER OCTET STRING or BIT STRING.

    Raises ValueError when what is inside has none of *sizes*.
    """
    if len(value) in sizes:
        return value
    if len(value) > 3 and value[0] in (0x03, 0x04):
        header = 3 if value[1] == 0x81 else 2
        length, body = value[header - 1], value[header:]
        if value[0] == 0x03:  # BIT STRING: the first octet counts the unused bits
            length, body = length - 1, body[1:]
        if length == len(body) and len(body) in sizes:
            return body
    raise ValueError(f"its CKA_EC_POINT of {len(value)} bytes is not a point of {sizes} bytes")
