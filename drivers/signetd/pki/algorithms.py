"""Signature algorithms of certificates, lists and responses, and verification with each."""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from signetd.gm import encoding, oids, sm2
from signetd.pki import der
from signetd.pki.errors import InputError
from signetd.pki.keys import Key

_PLACE: Final = "algorithm"
_RSA: Final = "1.2.840.113549.1.1."
_PSS: Final = _RSA + "10"
_MGF1: Final = _RSA + "8"
_ECDSA: Final = "1.2.840.10045.4."
_SHA2: Final = "2.16.840.1.101.3.4.2."
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "md5": hashes.MD5(),  # noqa: S303  # to tell what is wrong with it; no policy accepts it
    "sha1": hashes.SHA1(),  # noqa: S303
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sm3": hashes.SM3(),
}
_HASH_OIDS: Final = {
    "1.3.14.3.2.26": "sha1",
    _SHA2 + "1": "sha256",
    _SHA2 + "2": "sha384",
    _SHA2 + "3": "sha512",
    _SHA2 + "4": "sha224",
}
_SCHEMES: Final = {
    oids.SM2_WITH_SM3: ("sm2", "sm3"),
    _RSA + "4": ("rsa", "md5"),
    _RSA + "5": ("rsa", "sha1"),
    _RSA + "11": ("rsa", "sha256"),
    _RSA + "12": ("rsa", "sha384"),
    _RSA + "13": ("rsa", "sha512"),
    _RSA + "14": ("rsa", "sha224"),
    "1.2.156.10197.1.504": ("rsa", "sm3"),
    _ECDSA + "1": ("ecdsa", "sha1"),
    _ECDSA + "3.1": ("ecdsa", "sha224"),
    _ECDSA + "3.2": ("ecdsa", "sha256"),
    _ECDSA + "3.3": ("ecdsa", "sha384"),
    _ECDSA + "3.4": ("ecdsa", "sha512"),
    "1.3.101.112": ("ed25519", ""),
}
BROKEN: Final = frozenset({"rsa-md5", "rsa-sha1", "ecdsa-sha1", "rsa-pss-sha1"})
"""For their hashes collisions are known: no policy accepts them."""
NAMES: Final = frozenset(f"{f}-{h}" if h else f for f, h in _SCHEMES.values()) | {
    f"rsa-pss-{name}" for name in _HASH_OIDS.values()
}


class UnsupportedError(Exception):
    """An algorithm is not known here; the message says which."""


@dataclass(frozen=True)
class Scheme:
    """How a signature was made; *family* is sm2, rsa, rsa-pss, ecdsa or ed25519."""

    family: str
    hash: str
    salt_bytes: int = 0

    @property
    def name(self) -> str:
        """As in Policy.algorithms: ``sm2-sm3``, ``rsa-pss-sha256``."""
        return f"{self.family}-{self.hash}" if self.hash else self.family


def scheme(algorithm: bytes) -> Scheme:
    """Read an AlgorithmIdentifier in DER. Raises UnsupportedError, also for its parameters."""
    try:
        inside = der.elements(der.single(algorithm, der.SEQUENCE, _PLACE).value, _PLACE)
        identifier = der.oid(inside[0], _PLACE) if inside else "nothing"
        if identifier == _PSS and len(inside) == 2:
            return _pss(inside[1])
    except InputError as error:
        raise UnsupportedError(f"the signature algorithm is malformed ({error})") from None
    # RSA has NULL, the others nothing (RFC 5280, 4.1.1.2); Chinese CAs write NULL for SM2, too.
    if identifier not in _SCHEMES or [each.raw for each in inside[1:]] not in ([], [b"\x05\x00"]):
        raise UnsupportedError(f"the signature algorithm {identifier} is not known, as it stands")
    return Scheme(*_SCHEMES[identifier])


def verify(how: Scheme, key: Key, data: bytes, signature: bytes, signer_id: bytes) -> bool:
    """Say whether *signature* (as in certificates: DER for SM2 and ECDSA) of *data* is valid.

    A malformed signature is not, and neither is one of another kind of key.
    Raises UnsupportedError where the cryptographic library does not have the algorithm.
    """
    try:
        return _verified(how, key.key, data, signature, signer_id)
    except (InvalidSignature, ValueError):
        return False
    except UnsupportedAlgorithm as error:
        raise UnsupportedError(f"{how.name} is not available here ({error})") from None


def _verified(how: Scheme, key: object, data: bytes, signature: bytes, signer_id: bytes) -> bool:
    """Verify; False if the key is of another kind than the algorithm."""
    match how.family, key:
        case "sm2", sm2.Sm2PublicKey():
            sm2.verify(key, data, encoding.der_to_raw(signature, 32), signer_id)
        case "rsa", rsa.RSAPublicKey():
            key.verify(signature, data, padding.PKCS1v15(), _HASHES[how.hash])
        case "rsa-pss", rsa.RSAPublicKey():
            used = _HASHES[how.hash]
            key.verify(signature, data, padding.PSS(padding.MGF1(used), how.salt_bytes), used)
        case "ecdsa", ec.EllipticCurvePublicKey():
            key.verify(signature, data, ec.ECDSA(_HASHES[how.hash]))
        case "ed25519", ed25519.Ed25519PublicKey():
            key.verify(signature, data)
        case _:
            return False
    return True


def _pss(parameters: der.Element) -> Scheme:
    """Read RSASSA-PSS-params (RFC 4055, 3.1); one hash must serve for both purposes."""
    fields = der.Fields(parameters, _PLACE)
    digest, mask = fields.take_if(0xA0), fields.take_if(0xA1)
    salt, trailer = fields.take_if(0xA2), fields.take_if(0xA3)
    fields.end()
    used = _hash_of(der.single(digest.value, der.SEQUENCE, _PLACE)) if digest else "sha1"
    if trailer or (_mask_hash(mask) if mask else "sha1") != used:
        raise UnsupportedError("these parameters of RSA-PSS are not supported")
    size = 20 if salt is None else der.integer(der.single(salt.value, der.INTEGER, _PLACE))
    if not 0 <= size <= 512:
        raise UnsupportedError("RSA-PSS with a salt of that length is not supported")
    return Scheme("rsa-pss", used, size)


def _mask_hash(mask: der.Element) -> str:
    inside = der.elements(der.single(mask.value, der.SEQUENCE, _PLACE).value, _PLACE)
    if len(inside) != 2 or der.oid(inside[0], _PLACE) != _MGF1:
        raise UnsupportedError("RSA-PSS is supported with MGF1 only")
    return _hash_of(inside[1])


def _hash_of(algorithm: der.Element) -> str:
    inside = der.elements(algorithm.value, _PLACE)
    oid = der.oid(inside[0], _PLACE) if inside else "nothing"
    if oid not in _HASH_OIDS:
        raise UnsupportedError(f"the hash {oid} is not known here")
    return _HASH_OIDS[oid]
