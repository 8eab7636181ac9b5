"""Cuts seals and stamps with asn1crypto, to ask further programs what they think of the parts."""

from collections.abc import Iterator
from typing import NamedTuple

from asn1crypto import core, parser  # type: ignore[import-untyped]  # it ships no types


class Signed(NamedTuple):
    """What is signed, by which certificate in DER, and the signature's octets."""

    certificate: bytes
    message: bytes
    signature: bytes
    token: bytes | None


def fields(encoded: bytes) -> list[bytes]:
    """Return the fields of a SEQUENCE or SET, as they are."""
    content = parser.parse(encoded, strict=True)[4]
    found = []
    while content:
        size = parser.peek(content)
        found.append(content[:size])
        content = content[size:]
    return found


def octets(encoded: bytes) -> bytes:
    """Return the content of an OCTET STRING, or of a BIT STRING without unused bits."""
    value = core.load(encoded, strict=True)
    if isinstance(value, core.BitString):
        content: bytes = core.OctetBitString.load(encoded).native
        return content
    found: bytes = value.native
    return found


def of_seal(seal: bytes) -> Signed:
    if len(fields(seal)) == 2:
        info, maker = fields(seal)
        certificate, algorithm, signature = fields(maker)
        whole = parser.emit(0, 1, 16, info + certificate + algorithm)
        return Signed(octets(certificate), whole, octets(signature), None)
    info, certificate, _, signature, *token = fields(seal)
    return Signed(octets(certificate), info, octets(signature), _token(token))


def of_stamp(stamp: bytes) -> Signed:
    told = fields(stamp)[0]
    if len(fields(stamp)) == 2:
        return Signed(octets(fields(told)[5]), told, octets(fields(stamp)[1]), _token_of_time(told))
    _, certificate, _, signature, *token = fields(stamp)
    return Signed(octets(certificate), told, octets(signature), _token(token))


def _token(tagged: list[bytes]) -> bytes | None:
    return octets(fields(tagged[0])[0]) if tagged else None


def _token_of_time(told: bytes) -> bytes | None:
    moment = fields(told)[2]
    content = octets(moment) if moment[0] == 0x03 else b""
    return content if content[:1] == b"\x30" else None


def signatures(kind: str, data: bytes) -> Iterator[Signed]:
    """Yield what is signed in a seal; in a stamp, that of its seal too."""
    if kind == "stamp":
        yield of_stamp(data)
        data = fields(fields(data)[0])[1]
    yield of_seal(data)


def owners(kind: str, data: bytes) -> list[bytes]:
    """Return the certificates that the list of a seal has."""
    if kind == "stamp":
        data = fields(fields(data)[0])[1]
    listed = next(each for each in fields(fields(fields(data)[0])[2])[2:] if each[0] == 0x30)
    return [octets(each) for each in fields(listed) if each[0] == 0x04]
