"""Hashes that time stamps name: by object identifier, name and size."""

import hashlib
from typing import Final

from signetd.gm import oids, sm3
from signetd.pki import der
from signetd.pki.errors import InputError

SHA1: Final = "sha1"
SHA256: Final = "sha256"
SM3: Final = "sm3"
_SHA2: Final = "2.16.840.1.101.3.4.2."
OIDS: Final = {
    "sha1": "1.3.14.3.2.26",
    "sha256": _SHA2 + "1",
    "sha384": _SHA2 + "2",
    "sha512": _SHA2 + "3",
    "sm3": oids.SM3,
}
SIZES: Final = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64, "sm3": 32}
"""In bytes."""
STRONG: Final = frozenset(OIDS) - {SHA1}
"""What data may be bound to a time by: without those for which collisions are known."""
_NAMES: Final = {oid: name for name, oid in OIDS.items()}
_NULL: Final = b"\x05\x00"


def digest(name: str, data: bytes) -> bytes:
    """Hash *data* with one of OIDS."""
    if name == SM3:
        return sm3.sm3(data)
    # SHA-1 only tells certificates apart (RFC 5035, 3).
    return hashlib.new(name, data, usedforsecurity=name != SHA1).digest()


def read(algorithm: der.Element, place: str) -> str:
    """Return the name in OIDS of an AlgorithmIdentifier, or the identifier of an unknown one.

    Parameters are NULL or nothing (RFC 5754, 2). Raises InputError.
    """
    fields = der.Fields(algorithm, place)
    identifier = der.oid(fields.take(der.OID, "algorithm"), place)
    fields.take_if(der.NULL)
    fields.end()
    return _NAMES.get(identifier, identifier)


def check_size(name: str, value: bytes, place: str) -> None:
    """Raise InputError if *value* cannot be a digest by *name*, where that is known here."""
    if name in SIZES and len(value) != SIZES[name]:
        raise InputError(place, f"a digest by {name} has {SIZES[name]} bytes, not {len(value)}")
