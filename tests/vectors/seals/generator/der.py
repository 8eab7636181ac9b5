"""A writer of DER, and a cutter: all that the fixtures need, and nothing of the code under test."""

from datetime import datetime
from typing import Final

SEQUENCE: Final = 0x30


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF; DER wants its members in the order of their bytes (X.690, 11.6)."""
    return tlv(0x31, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    return tlv(0xA0 | number, *parts)


def integer(number: int) -> bytes:
    return tlv(0x02, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def boolean(value: bool) -> bytes:
    return tlv(0x01, b"\xff" if value else b"\x00")


def octets(value: bytes) -> bytes:
    return tlv(0x04, value)


def bits(value: bytes) -> bytes:
    return tlv(0x03, b"\x00", value)


def null() -> bytes:
    return tlv(0x05)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def printable(text: str) -> bytes:
    return tlv(0x13, text.encode("ascii"))


def ia5(text: str) -> bytes:
    """Return an IA5String. Chinese text goes into it as UTF-8, as careless programs write it."""
    return tlv(0x16, text.encode())


def utc_time(moment: datetime) -> bytes:
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def generalized_time(moment: datetime, fraction: str = "") -> bytes:
    """Return a GeneralizedTime; *fraction* is written as it is, with its dot."""
    return tlv(0x18, moment.strftime(f"%Y%m%d%H%M%S{fraction}Z").encode())


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(each) for each in dotted.split("."))
    content = b""
    for number in (40 * first + second, *rest):
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | number & 0x7F)
        content += bytes(reversed(groups))
    return tlv(0x06, content)


def content(encoded: bytes) -> bytes:
    """Return what is inside the first TLV."""
    start, end = _span(encoded)
    return encoded[start:end]


def parts(encoded: bytes) -> list[bytes]:
    """Return the TLVs inside the first TLV, each whole."""
    rest, found = content(encoded), []
    while rest:
        end = _span(rest)[1]
        found.append(rest[:end])
        rest = rest[end:]
    return found


def _span(encoded: bytes) -> tuple[int, int]:
    first = encoded[1]
    if first < 0x80:
        return 2, 2 + first
    start = 2 + (first & 0x7F)
    return start, start + int.from_bytes(encoded[2:start])
