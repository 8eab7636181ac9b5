"""Distinguished names read from text (RFC 4514) into DER, for requests of certificates.

As RFC 2253, 4 allowed, spaces may stand around ``,``, ``+`` and ``=``: people copy names from tools
that print them so. ``#…`` (a value in BER) and quoted values are refused.
"""

import re
from typing import Any, Final, NamedTuple

from asn1crypto import core  # type: ignore[import-untyped]  # it ships no types
from asn1crypto import x509 as asn1_x509

from signetd.pki.errors import InputError

MAX_CHARS: Final = 2048
"""Longest name as text."""
_MAX_ATTRIBUTES: Final = 32
_PLACE: Final = "subject"


class _Type(NamedTuple):
    """An attribute: its identifier, the most characters (RFC 5280, A.1), the string it is in."""

    oid: str
    most: int
    kind: Any = core.UTF8String


_PRINTABLE, _IA5 = core.PrintableString, core.IA5String
_UNKNOWN_MOST: Final = 256
_TYPES: Final = {
    "CN": _Type("2.5.4.3", 64),
    "SN": _Type("2.5.4.4", 64),
    "SERIALNUMBER": _Type("2.5.4.5", 64, _PRINTABLE),
    "C": _Type("2.5.4.6", 2, _PRINTABLE),
    "L": _Type("2.5.4.7", 128),
    "ST": _Type("2.5.4.8", 128),
    "STREET": _Type("2.5.4.9", 128),
    "O": _Type("2.5.4.10", 64),
    "OU": _Type("2.5.4.11", 64),
    "TITLE": _Type("2.5.4.12", 64),
    "GN": _Type("2.5.4.42", 64),
    "ORGANIZATIONIDENTIFIER": _Type("2.5.4.97", 256),
    "UID": _Type("0.9.2342.19200300.100.1.1", 256),
    "DC": _Type("0.9.2342.19200300.100.1.25", 63, _IA5),
    "EMAILADDRESS": _Type("1.2.840.113549.1.9.1", 255, _IA5),
}
_KNOWN_OIDS: Final = {each.oid: each for each in _TYPES.values()}
_PRINTABLE_TEXT: Final = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")  # X.680, 41.4
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_OID: Final = re.compile(
    r"([01]\.(0|[1-9]|[1-3][0-9])|2\.(0|[1-9][0-9]{0,8}))(\.(0|[1-9][0-9]{0,14})){0,62}"
)
_MAX_OID_OCTETS: Final = 63  # encoded; some libraries refuse a longer one
_PART: Final = re.compile(
    r" *+(?P<type>[A-Za-z][A-Za-z0-9-]*+|[0-9]++(?:\.[0-9]++)++) *+= *+"
    r"(?P<value>(?:[^\\,+;\"<>]|\\[ \"#+,;<=>\\]|\\[0-9A-Fa-f]{2})*+)"
    r"(?P<end>[,+]|\Z)"
)
_ESCAPE: Final = re.compile(r"\\([0-9A-Fa-f]{2}|.)|([^\\])")


def read(text: str) -> bytes:
    """Return a Name in DER; in the text, its last part comes first (RFC 4514, 2.1).

    C, serialNumber are PrintableString, DC and emailAddress IA5String, all others UTF8String
    (RFC 5280, 4.1.2.4). Types are names such as ``CN`` or object identifiers with dots.
    Raises InputError.
    """
    if len(text) > MAX_CHARS:
        raise InputError(_PLACE, f"it has {len(text)} characters; at most {MAX_CHARS} are allowed")
    parts: list[list[Any]] = [[]]
    position, end, count = 0, "+", 0
    while end:
        found = _PART.match(text, position)
        if found is None:
            raise InputError(
                _PLACE,
                f"at character {position + 1} there is no TYPE=value as in "
                '"CN=Example,O=Example Ltd,C=CN"; write \\ before each , + " \\ < > ; of a value',
            )
        count += 1
        parts[-1].append(_attribute(found["type"], _plain(found["value"])))
        position, end = found.end(), found["end"]
        if end == ",":
            parts.append([])
    if count > _MAX_ATTRIBUTES:
        raise InputError(
            _PLACE, f"it has {count} attributes; at most {_MAX_ATTRIBUTES} are allowed"
        )
    return _encoded(parts)


def is_oid(text: str) -> bool:
    """Whether *text* is an object identifier with dots (X.660, 7.6) that all libraries take."""
    if not _OID.fullmatch(text):
        return False
    return len(core.ObjectIdentifier(text).contents) <= _MAX_OID_OCTETS


def _encoded(parts: list[list[Any]]) -> bytes:
    for part in parts:
        types = [each["type"].dotted for each in part]
        if len(set(types)) != len(types):
            raise InputError(_PLACE, "an attribute stands twice in one part (joined with +)")
    sequence = asn1_x509.RDNSequence(
        [asn1_x509.RelativeDistinguishedName(part) for part in reversed(parts)]
    )
    encoded: bytes = asn1_x509.Name(name="", value=sequence).dump()
    return encoded


def _plain(escaped: str) -> str:
    """Undo the escapes of RFC 4514, 2.4; spaces at the ends that are not escaped do not count."""
    stripped = escaped.rstrip(" ")
    if (len(stripped) - len(stripped.rstrip("\\"))) % 2:
        stripped += " "  # this one is escaped
    if stripped.startswith("#"):
        raise InputError(_PLACE, "a value begins with #; give it as text, or write \\# for a #")
    octets = b"".join(_octets(found) for found in _ESCAPE.finditer(stripped))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise InputError(_PLACE, "the octets written as \\XX are not UTF-8") from None


def _octets(found: re.Match[str]) -> bytes:
    escaped, plain = found.groups()
    if plain is not None:
        # A lone surrogate has no UTF-8; it is told as such below.
        return str(plain).encode("utf-8", "surrogatepass")
    return bytes.fromhex(escaped) if len(escaped) == 2 else str(escaped).encode()


def _attribute(name: str, value: str) -> Any:
    kind = _type(name)
    if not value or not value.isprintable():
        raise InputError(_PLACE, f"{name} is empty, or has characters that cannot be printed")
    if len(value) > kind.most:
        raise InputError(
            _PLACE, f"{name} has {len(value)} characters; it may have at most {kind.most}"
        )
    if kind is _TYPES["C"] and not _COUNTRY.fullmatch(value):
        raise InputError(_PLACE, "C is the country's two capital letters, such as CN")
    fits = value.isascii() if kind.kind is _IA5 else _PRINTABLE_TEXT.fullmatch(value)
    if kind.kind is not core.UTF8String and not fits:
        raise InputError(_PLACE, f"{name} may have plain ASCII letters and digits only")
    return asn1_x509.NameTypeAndValue({"type": kind.oid, "value": _string(kind, value)})


def _string(kind: _Type, value: str) -> Any:
    string = kind.kind(value)
    spec = asn1_x509.NameTypeAndValue._oid_specs.get(asn1_x509.NameType.map(kind.oid), core.Any)
    if spec is asn1_x509.DirectoryString:
        chosen = "printable_string" if kind.kind is _PRINTABLE else "utf8_string"
        return asn1_x509.DirectoryString(name=chosen, value=string)
    return core.Any(string) if spec is core.Any else spec(value)


def _type(name: str) -> _Type:
    if name[0].isdigit():
        if not is_oid(name):
            raise InputError(
                _PLACE,
                f"{name[:40]} is not an object identifier of at most {_MAX_OID_OCTETS} octets",
            )
        return _KNOWN_OIDS.get(name, _Type(name, _UNKNOWN_MOST))
    known = _TYPES.get(name.upper())
    if known is None:
        names = ", ".join(_TYPES)
        raise InputError(
            _PLACE, f"{name[:40]} is not known; use {names}, or an object identifier with dots"
        )
    return known
