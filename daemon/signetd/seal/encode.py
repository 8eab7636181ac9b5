"""DER, written: what seals and stamps need of it (X.690, 8, 10 and 11)."""

from datetime import datetime

from signetd.seal import times, tlv


def element(tag: int, content: bytes) -> bytes:
    """Return an element with that tag, and its length in the shortest form."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of elements that are in DER already."""
    return element(tlv.SEQUENCE, b"".join(parts))


def tagged_0(inner: bytes) -> bytes:
    """Return [0] EXPLICIT around an element."""
    return element(tlv.TAGGED_0, inner)


def integer(value: int) -> bytes:
    """Return an INTEGER."""
    size = (value + (value < 0)).bit_length() // 8 + 1
    return element(tlv.INTEGER, value.to_bytes(size, signed=True))


def boolean(value: bool) -> bytes:
    """Return a BOOLEAN (X.690, 11.1)."""
    return element(tlv.BOOLEAN, b"\xff" if value else b"\x00")


def octets(content: bytes) -> bytes:
    """Return an OCTET STRING."""
    return element(tlv.OCTET_STRING, content)


def bits(content: bytes) -> bytes:
    """Return a BIT STRING of whole octets."""
    return element(tlv.BIT_STRING, b"\x00" + content)


def ia5(text: str) -> bytes:
    """Return an IA5String; *text* must be ASCII."""
    return element(tlv.IA5_STRING, text.encode("ascii"))


def printable(text: str) -> bytes:
    """Return a PrintableString; *text* must be of its letters, digits and signs."""
    return element(tlv.PRINTABLE_STRING, text.encode("ascii"))


def utf8(text: str) -> bytes:
    """Return a UTF8String."""
    return element(tlv.UTF8_STRING, text.encode())


def time(moment: datetime) -> bytes:
    """Return a GeneralizedTime in UTC, in whole seconds; *moment* must have a zone."""
    return element(tlv.GENERALIZED_TIME, times.generalized(moment))


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER; *dotted* must be a valid one."""
    first, second, *others = (int(each) for each in dotted.split("."))
    return element(tlv.OID, b"".join(map(_arc, (40 * first + second, *others))))


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.append(number & 0x7F | 0x80)
    return bytes(reversed(octets))
