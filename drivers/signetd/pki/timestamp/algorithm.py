"""Which signature algorithm a SignerInfo means; several spellings are in use."""

from typing import Final

from signetd.gm import oids
from signetd.pki import algorithms, der, keys
from signetd.pki.algorithms import Scheme, UnsupportedError
from signetd.pki.errors import InputError

_RSA: Final = "1.2.840.113549.1.1.1"
_PLACE: Final = "signature algorithm"
_KEY_ALGORITHMS: Final = {
    _RSA: "rsa",
    oids.EC_PUBLIC_KEY: "ec",
    oids.SM2_CURVE: "sm2",
    keys.SM2_SIGNING: "sm2",
}
"""Written in place of a signature algorithm; the hash is that of the digest (RFC 3370, 3.2)."""
_ED25519_HASH: Final = "sha512"


def scheme(algorithm: bytes, digest: str, key: keys.Key) -> Scheme:
    """Read a signatureAlgorithm (AlgorithmIdentifier, DER) next to a digestAlgorithm.

    Raises UnsupportedError for what is not known, and for two different hashes: RFC 5652, 5.4
    hashes the attributes and the content with one.
    """
    found = _scheme(algorithm, digest, key)
    if (found.hash or _ED25519_HASH) != digest:
        raise UnsupportedError(f"the content is hashed with {digest}, but signed with {found.name}")
    return found


def _scheme(algorithm: bytes, digest: str, key: keys.Key) -> Scheme:
    family = _KEY_ALGORITHMS.get(_identifier(algorithm), "")
    if family == "rsa":
        return _known(Scheme("rsa", digest))
    if family == "sm2" or (family == "ec" and key.kind == "sm2"):
        return _known(Scheme("sm2", digest))
    if family == "ec":
        return _known(Scheme("ecdsa", digest))
    return algorithms.scheme(algorithm)


def _known(found: Scheme) -> Scheme:
    if found.name not in algorithms.NAMES:
        raise UnsupportedError(f"{found.name} is not a signature algorithm that is known here")
    return found


def _identifier(algorithm: bytes) -> str:
    try:
        inside = der.elements(der.single(algorithm, der.SEQUENCE, _PLACE).value, _PLACE)
        return der.oid(inside[0], _PLACE) if inside else ""
    except InputError as error:
        raise UnsupportedError(f"the signature algorithm is malformed ({error})") from None
