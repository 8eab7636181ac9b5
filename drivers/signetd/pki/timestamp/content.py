"""What a time stamp says: TSTInfo (RFC 3161, 2.4.2; GB/T 20520), read strictly."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from signetd.pki import der, extensions
from signetd.pki.errors import InputError
from signetd.pki.extensions import Extension
from signetd.pki.timestamp import hashes

VERSIONS: Final = (1, 2)
"""1 in RFC 3161, 2 in GB/T 20520-2025; the fields are the same."""
MAX_INTEGER_BYTES: Final = 40
"""Serial numbers have up to 160 bits (RFC 3161, 2.4.2), nonces of ours 128."""
_TIME: Final = re.compile(rb"(\d{14})(?:\.(\d{0,8}[1-9]))?Z")
_MICROSECOND_DIGITS: Final = 6


class Accuracy(NamedTuple):
    """How far the time can be off, either way."""

    seconds: int
    millis: int
    micros: int

    @property
    def delta(self) -> timedelta:
        """All of it together."""
        return timedelta(seconds=self.seconds, milliseconds=self.millis, microseconds=self.micros)


@dataclass(frozen=True)
class Content:
    """TSTInfo; make it with read(). ``imprint_algorithm`` is sha256, sm3, or an identifier."""

    version: int
    policy: str
    """Under which rules the authority works, an object identifier."""
    imprint_algorithm: str
    imprint: bytes
    serial: int
    gen_time: datetime
    """In UTC; what is finer than a microsecond is left off."""
    accuracy: Accuracy | None
    ordering: bool
    nonce: int | None
    authority: bytes | None = field(repr=False)
    """A GeneralName, DER."""
    extensions: tuple[Extension, ...]


def read(data: bytes, place: str) -> Content:
    """Read TSTInfo in DER. Raises InputError."""
    whole = der.single(data, der.SEQUENCE, place)
    der.check(whole, place)
    fields = der.Fields(whole, place)
    version = der.integer(fields.take(der.INTEGER, "version"))
    if version not in VERSIONS:
        raise InputError(f"{place}, version", f"there is no version {version}; known are 1 and 2")
    policy = der.oid(fields.take(der.OID, "policy"), f"{place}, policy")
    algorithm, imprint = _imprint(fields.take(der.SEQUENCE, "messageImprint"), place)
    serial = _bounded(fields.take(der.INTEGER, "serialNumber"), f"{place}, serialNumber")
    gen_time = _time(fields.take(der.GENERALIZED_TIME, "genTime"), f"{place}, genTime")
    return Content(version, policy, algorithm, imprint, serial, gen_time, *_options(fields))


def _options(
    fields: der.Fields,
) -> tuple[Accuracy | None, bool, int | None, bytes | None, tuple[Extension, ...]]:
    place = fields.place
    accuracy = fields.take_if(der.SEQUENCE)
    ordering = fields.take_if(der.BOOLEAN)
    nonce = fields.take_if(der.INTEGER)
    authority, more = fields.take_if(0xA0), fields.take_if(0xA1)
    fields.end()
    return (
        None if accuracy is None else _accuracy(accuracy, f"{place}, accuracy"),
        ordering is not None and ordering.value == b"\xff",
        None if nonce is None else _bounded(nonce, f"{place}, nonce"),
        None if authority is None else _one(authority, f"{place}, tsa"),
        () if more is None else _extensions(more, f"{place}, extensions"),
    )


def _imprint(element: der.Element, place: str) -> tuple[str, bytes]:
    place = f"{place}, messageImprint"
    fields = der.Fields(element, place)
    algorithm = hashes.read(fields.take(der.SEQUENCE, "hashAlgorithm"), place)
    imprint = fields.take(der.OCTET_STRING, "hashedMessage").value
    fields.end()
    hashes.check_size(algorithm, imprint, place)
    return algorithm, imprint


def _bounded(element: der.Element, place: str) -> int:
    if len(element.value) > MAX_INTEGER_BYTES:
        raise InputError(place, f"it has more than {MAX_INTEGER_BYTES} bytes")
    return der.integer(element)


def _time(element: der.Element, place: str) -> datetime:
    """Read a time that can have fractions of a second, without zeros behind (RFC 3161, 2.4.2)."""
    found = _TIME.fullmatch(element.value)
    if found is None:
        raise InputError(place, "it is not a time in UTC as yyyymmddhhmmss, a fraction, Z")
    digits = (found[2] or b"")[:_MICROSECOND_DIGITS].ljust(_MICROSECOND_DIGITS, b"0")
    try:
        moment = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S")
    except ValueError:
        raise InputError(place, "there is no such day or hour") from None
    return moment.replace(microsecond=int(digits), tzinfo=UTC)


def _accuracy(element: der.Element, place: str) -> Accuracy:
    fields = der.Fields(element, place)
    parts = [fields.take_if(tag) for tag in (der.INTEGER, 0x80, 0x81)]
    fields.end()
    numbers = [0 if each is None else _bounded(each, place) for each in parts]
    if not 0 <= numbers[0] <= 10**9 or not all(0 <= each <= 999 for each in numbers[1:]):
        raise InputError(
            place, "its seconds are negative or too many, or millis or micros not 0…999"
        )
    return Accuracy(*numbers)


def _one(tagged: der.Element, place: str) -> bytes:
    inside = der.elements(tagged.value, place)
    if len(inside) != 1:
        raise InputError(place, "it is not one name")
    return inside[0].raw


def _extensions(tagged: der.Element, place: str) -> tuple[Extension, ...]:
    # The tag is in place of that of the SEQUENCE (IMPLICIT).
    return extensions.read(der.Element(der.SEQUENCE, tagged.raw, tagged.value), place)
