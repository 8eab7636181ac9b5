"""DER, read strictly (X.690, 10 and 11): one form for one content, and nothing left over.

Signatures are over bytes, so that every part is handed out as the bytes that it came in. Libraries
that read BER as well, or that write anew what they have read, do not give that.
"""

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple

from signetd.pki.errors import InputError

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
ENUMERATED: Final = 0x0A
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

MAX_DEPTH: Final = 24
"""A certificate nests about ten deep."""
_CONSTRUCTED: Final = 0x20
_UTC: Final = re.compile(rb"\d{12}Z")
_GENERALIZED: Final = re.compile(rb"\d{14}Z")


class Element(NamedTuple):
    """One element: its tag (one octet), all of its bytes, and those of its content."""

    tag: int
    raw: bytes
    value: bytes


def elements(data: bytes, place: str) -> list[Element]:
    """Cut *data* into the elements that follow each other in it. Raises InputError."""
    found = []
    position = 0
    while position < len(data):
        start, end = _extent(data, position, place)
        found.append(Element(data[position], data[position:end], data[start:end]))
        position = end
    return found


def single(data: bytes, tag: int, place: str) -> Element:
    """Read exactly one element with that tag, and nothing behind it. Raises InputError."""
    if not data or data[0] != tag:
        raise InputError(place, f"it does not begin with the tag 0x{tag:02x}")
    start, end = _extent(data, 0, place)
    if end != len(data):
        raise InputError(place, f"{len(data) - end} bytes are left over behind it")
    return Element(tag, data, data[start:])


def check(element: Element, place: str, depth: int = MAX_DEPTH) -> None:
    """Go through all that is in *element*. Raises InputError for what is no DER, or too deep."""
    if depth == 0:
        raise InputError(place, f"it nests more than {MAX_DEPTH} deep")
    if element.tag & _CONSTRUCTED:
        if element.tag < 0x80 and element.tag not in (SEQUENCE, SET):
            raise InputError(place, f"the tag 0x{element.tag:02x} is in pieces, as in BER")
        for inner in elements(element.value, place):
            check(inner, place, depth - 1)
    else:
        _check_primitive(element, place)


def oid(element: Element, place: str) -> str:
    """Return an OBJECT IDENTIFIER as digits with dots. Raises InputError."""
    numbers, number = [], 0
    if element.tag != OID or not element.value or element.value[-1] & 0x80:
        raise InputError(place, "it is not an object identifier")
    for octet in element.value:
        if number == 0 and octet == 0x80:
            raise InputError(place, "an object identifier has superfluous zeros")
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(str(each) for each in (first, numbers[0] - 40 * first, *numbers[1:]))


def integer(element: Element) -> int:
    """Return the number that an INTEGER or ENUMERATED, also one with another tag, has."""
    return int.from_bytes(element.value, signed=True)


def bits(element: Element, place: str) -> bytes:
    """Return the octets of a BIT STRING that consists of whole octets. Raises InputError."""
    if element.value[:1] != b"\x00":
        raise InputError(place, "its bits are not whole octets")
    return element.value[1:]


def time(element: Element, place: str) -> datetime:
    """Return a UTCTime or GeneralizedTime in UTC, as RFC 5280, 4.1.2.5 has them.

    Raises InputError.
    """
    try:
        if element.tag == UTC_TIME and _UTC.fullmatch(element.value):
            # Two digits are 1950 to 2049.
            century = b"19" if element.value >= b"50" else b"20"
            return _moment(century + element.value)
        if element.tag == GENERALIZED_TIME and _GENERALIZED.fullmatch(element.value):
            return _moment(element.value)
    except ValueError:
        pass  # no such day or hour: told like any other malformed time
    raise InputError(place, "it is not a time in UTC with seconds (…Z)")


class Fields:
    """Takes the fields of a SEQUENCE (or of a tagged one) one after the other."""

    def __init__(self, element: Element, place: str) -> None:
        self.place = place
        self._left = elements(element.value, place)[::-1]

    def take(self, tag: int, name: str) -> Element:
        """Return the next field, which must have that tag. Raises InputError naming it."""
        found = self.take_if(tag)
        if found is None:
            raise InputError(f"{self.place}, {name}", f"no element with the tag 0x{tag:02x}")
        return found

    def take_if(self, *tags: int) -> Element | None:
        """Return the next field if it has one of the tags."""
        return self._left.pop() if self._left and self._left[-1].tag in tags else None

    def end(self) -> None:
        """Raise InputError if there is anything more."""
        if self._left:
            tag = self._left[-1].tag
            raise InputError(self.place, f"an element with the tag 0x{tag:02x} does not belong")


def _moment(digits: bytes) -> datetime:
    return datetime.strptime(digits.decode(), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _extent(data: bytes, position: int, place: str) -> tuple[int, int]:
    """Return where the content of the element at *position* begins and ends."""
    if position + 2 > len(data):
        raise InputError(place, "it is cut short")
    if data[position] & 0x1F == 0x1F or data[position] == 0:
        raise InputError(place, f"nothing here has the tag 0x{data[position]:02x}")
    length, start = data[position + 1], position + 2
    if length >= 0x80:
        octets = data[start : start + (length & 0x7F)]
        start += length & 0x7F
        length = int.from_bytes(octets)
        if len(octets) > 4 or length < 0x80 or octets[0] == 0:
            raise InputError(place, "a length is not in its one form of DER")
    if start + length > len(data):
        raise InputError(place, "it is cut short")
    return start, start + length


def _check_primitive(element: Element, place: str) -> None:
    tag, value = element.tag, element.value
    if tag in (SEQUENCE & ~_CONSTRUCTED, SET & ~_CONSTRUCTED):
        raise InputError(place, "a SEQUENCE or SET has no elements in it")
    if tag == BOOLEAN and value not in (b"\x00", b"\xff"):
        raise InputError(place, "a BOOLEAN is neither 00 nor FF")
    if tag in (INTEGER, ENUMERATED) and not _is_minimal(value):
        raise InputError(place, "an INTEGER is empty, or has superfluous octets")
    if tag == BIT_STRING and (not value or value[0] > 7 or (value[0] and len(value) == 1)):
        raise InputError(place, "a BIT STRING is malformed")
    if tag == NULL and value:
        raise InputError(place, "a NULL is not empty")
    if tag == OID:
        oid(element, place)


def _is_minimal(value: bytes) -> bool:
    if len(value) < 2:
        return bool(value)
    return not (value[0] == 0 and value[1] < 0x80) and not (value[0] == 0xFF and value[1] >= 0x80)
