"""Extensions of certificates and lists: those that path validation asks are decoded."""

from datetime import datetime
from typing import Final, NamedTuple

from signetd.pki import der
from signetd.pki.errors import InputError

SUBJECT_KEY_ID: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
SUBJECT_ALT_NAME: Final = "2.5.29.17"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
CRL_NUMBER: Final = "2.5.29.20"
CRL_REASON: Final = "2.5.29.21"
INVALIDITY_DATE: Final = "2.5.29.24"
DELTA_CRL: Final = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT: Final = "2.5.29.28"
CERTIFICATE_ISSUER: Final = "2.5.29.29"
NAME_CONSTRAINTS: Final = "2.5.29.30"
CRL_DISTRIBUTION_POINTS: Final = "2.5.29.31"
CERTIFICATE_POLICIES: Final = "2.5.29.32"
POLICY_MAPPINGS: Final = "2.5.29.33"
AUTHORITY_KEY_ID: Final = "2.5.29.35"
POLICY_CONSTRAINTS: Final = "2.5.29.36"
EXTENDED_KEY_USAGE: Final = "2.5.29.37"
INHIBIT_ANY_POLICY: Final = "2.5.29.54"
EXPIRED_CERTS_ON_CRL: Final = "2.5.29.60"
OCSP_NO_CHECK: Final = "1.3.6.1.5.5.7.48.1.5"

ANY_EXTENDED_KEY_USAGE: Final = "2.5.29.37.0"
OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"

KEY_USAGES: Final = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
"""By bit (RFC 5280, 4.2.1.3)."""


class Extension(NamedTuple):
    """An extension; *value* is what its OCTET STRING holds."""

    oid: str
    critical: bool
    value: bytes


class BasicConstraints(NamedTuple):
    """Whether the holder is a CA, and how many CAs may follow below; None for any number."""

    ca: bool
    path_length: int | None


class AuthorityKeyId(NamedTuple):
    """How an issuer says which of its keys it used: by an identifier, or a certificate."""

    key_id: bytes | None
    issuer: bytes | None
    """Content of GeneralNames, DER."""
    serial: int | None


def read(element: der.Element, place: str) -> tuple[Extension, ...]:
    """Read a SEQUENCE OF Extension. Raises InputError."""
    inside = der.elements(element.value, place)
    if element.tag != der.SEQUENCE or not inside:
        raise InputError(place, "extensions are there, but none is in them")
    return tuple(_extension(each, place) for each in inside)


def duplicates(extensions: tuple[Extension, ...]) -> list[str]:
    """Return the identifiers that are there more than once (RFC 5280, 4.2 forbids that)."""
    oids = [each.oid for each in extensions]
    return sorted({oid for oid in oids if oids.count(oid) > 1})


def find(extensions: tuple[Extension, ...], oid: str) -> Extension | None:
    """Return the first extension with that identifier."""
    return next((each for each in extensions if each.oid == oid), None)


def _extension(element: der.Element, place: str) -> Extension:
    if element.tag != der.SEQUENCE:
        raise InputError(place, "an extension is not a SEQUENCE")
    fields = der.Fields(element, place)
    oid = der.oid(fields.take(der.OID, "identifier"), place)
    critical = fields.take_if(der.BOOLEAN)  # also FALSE, written out: real CAs do so
    value = fields.take(der.OCTET_STRING, f"value of extension {oid}").value
    fields.end()
    return Extension(oid, critical is not None and critical.value == b"\xff", value)


def _content(value: bytes, tag: int, place: str) -> der.Element:
    element = der.single(value, tag, place)
    der.check(element, place)
    return element


def key_usage(value: bytes, place: str) -> frozenset[str]:
    """Decode keyUsage. Raises InputError."""
    octets = _content(value, der.BIT_STRING, place).value[1:]
    number, size = int.from_bytes(octets), 8 * len(octets)
    return frozenset(
        name for bit, name in enumerate(KEY_USAGES) if bit < size and number >> (size - 1 - bit) & 1
    )


def basic_constraints(value: bytes, place: str) -> BasicConstraints:
    """Decode basicConstraints. Raises InputError."""
    fields = der.Fields(_content(value, der.SEQUENCE, place), place)
    ca = fields.take_if(der.BOOLEAN)
    length = fields.take_if(der.INTEGER)
    fields.end()
    path_length = None if length is None else der.integer(length)
    if path_length is not None and path_length < 0:
        raise InputError(place, "its path length is negative")
    return BasicConstraints(ca is not None and ca.value == b"\xff", path_length)


def extended_key_usage(value: bytes, place: str) -> frozenset[str]:
    """Decode extKeyUsage into object identifiers. Raises InputError."""
    inside = der.elements(_content(value, der.SEQUENCE, place).value, place)
    if not inside:
        raise InputError(place, "no purpose is in it")
    return frozenset(der.oid(each, place) for each in inside)


def subject_key_id(value: bytes, place: str) -> bytes:
    """Decode subjectKeyIdentifier. Raises InputError."""
    return _content(value, der.OCTET_STRING, place).value


def authority_key_id(value: bytes, place: str) -> AuthorityKeyId:
    """Decode authorityKeyIdentifier. Raises InputError."""
    fields = der.Fields(_content(value, der.SEQUENCE, place), place)
    key_id, issuer, serial = fields.take_if(0x80), fields.take_if(0xA1), fields.take_if(0x82)
    fields.end()
    return AuthorityKeyId(
        None if key_id is None else key_id.value,
        None if issuer is None else issuer.value,
        None if serial is None else der.integer(serial),
    )


def generalized_time(value: bytes, place: str) -> datetime:
    """Decode an extension that is a GeneralizedTime. Raises InputError."""
    return der.time(der.single(value, der.GENERALIZED_TIME, place), place)


def full_names(point: der.Element) -> frozenset[bytes]:
    """Return the GeneralNames (DER) of a DistributionPointName in a tag; none if relative."""
    inside = der.elements(point.value, "distributionPoint")
    if len(inside) != 1 or inside[0].tag != 0xA0:
        return frozenset()
    return frozenset(each.raw for each in der.elements(inside[0].value, "distributionPoint"))


def distribution_points(value: bytes, place: str) -> frozenset[bytes]:
    """Decode cRLDistributionPoints: the names (DER) where the CA's own complete lists are.

    Points with lists of another issuer, or of some reasons only, are left out. Raises InputError.
    """
    found: set[bytes] = set()
    for each in der.elements(_content(value, der.SEQUENCE, place).value, place):
        fields = der.Fields(each, place)
        point, reasons, issuer = (fields.take_if(tag) for tag in (0xA0, 0x81, 0xA2))
        fields.end()
        if point is not None and reasons is None and issuer is None:
            found |= full_names(point)
    return frozenset(found)
