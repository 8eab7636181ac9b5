"""Distinguished names: compared as RFC 5280, 7.1 says, and written for people."""

from typing import Final

from asn1crypto import x509 as asn1_x509  # type: ignore[import-untyped]  # it ships no types

from signetd.pki import der
from signetd.pki.errors import InputError

_SHORT: Final = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_CODECS: Final = {
    0x0C: "utf-8",
    0x13: "utf-8",
    0x14: "latin-1",
    # Some CAs put Chinese in UTF-8 into an IA5String, which is ASCII.
    0x16: "utf-8",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_LONGEST: Final = 400

Key = bytes | tuple[tuple[tuple[str, str], ...], ...]
"""What equal names have in common."""


def key(name: bytes) -> Key:
    """Return what to compare of a Name in DER: case, spaces and string types do not count.

    A name with strings that cannot be prepared (RFC 4518) is equal to the same bytes only.
    """
    try:
        parsed = asn1_x509.Name.load(name, strict=True)
        return tuple(
            tuple(sorted((value["type"].dotted, value.prepped_value) for value in part))
            for part in parsed.chosen
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return name


def check(name: bytes, place: str) -> None:
    """Raise InputError unless *name* is a Name in DER: RDNSequence of SETs of type and value."""
    for part in der.elements(der.single(name, der.SEQUENCE, place).value, place):
        values = der.elements(part.value, place)
        if part.tag != der.SET or not values:
            raise InputError(place, "a part of the name is not a SET with something in it")
        for value in values:
            _type_and_value(value, place)


def text(name: bytes) -> str:
    """Write a Name in DER, which check() has passed, for people: ``CN=…, O=…``."""
    parts = [
        "+".join(_written(value) for value in der.elements(part.value, "name"))
        for part in der.elements(der.single(name, der.SEQUENCE, "name").value, "name")
    ]
    written = ", ".join(reversed(parts)) or "(empty name)"
    return written if len(written) <= _LONGEST else written[:_LONGEST] + "…"


def is_empty(name: bytes) -> bool:
    """Say whether a Name in DER has no parts."""
    return name == b"\x30\x00"


def _type_and_value(element: der.Element, place: str) -> tuple[str, der.Element]:
    inside = der.elements(element.value, place)
    if element.tag != der.SEQUENCE or len(inside) != 2:
        raise InputError(place, "a part of the name is not a type with a value")
    return der.oid(inside[0], place), inside[1]


def _written(element: der.Element) -> str:
    oid, value = _type_and_value(element, "name")
    codec = _CODECS.get(value.tag)
    if codec is None:
        return f"{_SHORT.get(oid, oid)}=#{value.raw.hex()}"
    written = value.value.decode(codec, "replace")
    # Nobody who has a certificate made shall write lines of our logs.
    safe = "".join(c if c.isprintable() and c not in ",+" else f"\\{ord(c):02x}" for c in written)
    return f"{_SHORT.get(oid, oid)}={safe}"
