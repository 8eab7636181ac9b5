"""What builders ask of single values. All raise BuildError naming the field, the limit, the way."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from signetd.gm import encoding
from signetd.pki import Certificate, InputError
from signetd.seal import encode, limits, tlv
from signetd.seal.errors import BuildError
from signetd.seal.model import CertificateDigest, Extension

SM3_NAMES: Final = ("SM3", "1.2.156.10197.1.401")
HASH_BYTES: Final = 32
_ARC: Final = r"(?:0|[1-9][0-9]{0,38})"  # 38 digits hold 128 bits, as of a UUID
_OID: Final = re.compile(rf"(?:[01]\.(?:[0-9]|[1-3][0-9])|2\.{_ARC})(?:\.{_ARC})*")
_OID_CHARACTERS: Final = 200
_SIGNATURE_NUMBER: Final = 32


def ascii_text(text: str, field: str, limit: int, *, spaces: bool = True) -> str:
    """Return *text* if it is 1 to *limit* printable ASCII characters."""
    first = " " if spaces else "!"
    if not all(first <= each <= "~" for each in text):
        spaced = "" if spaces else ", without spaces"
        raise BuildError(field, f"only printable ASCII characters may be in it{spaced}")
    if not 1 <= len(text) <= limit:
        raise BuildError(field, f"it has {len(text)} characters; 1 to {limit} may be in it")
    return text


def name(text: str, field: str) -> str:
    """Return a seal's name if it can be shown: no control characters, no blanks around it."""
    if not 1 <= len(text) <= limits.BUILT_NAME:
        limit = limits.BUILT_NAME
        raise BuildError(field, f"it has {len(text)} characters; 1 to {limit} may be in it")
    if not text.isprintable() or text != text.strip():
        raise BuildError(field, "it has control characters, or blanks at an end; leave them out")
    return text


def number(value: int, field: str, most: int, unit: str = "") -> int:
    """Return *value* if it is from 1 to *most*."""
    if not 1 <= value <= most:
        raise BuildError(field, f"{value} is not from 1 to {most}{unit}")
    return value


def time(moment: datetime, field: str) -> datetime:
    """Return *moment* in UTC and whole seconds; a fraction is cut off."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise BuildError(field, "the time has no zone; give one, as UTC")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise BuildError(field, "the time is before the year 1 or after 9999 in UTC") from None


def certificate(data: bytes, field: str) -> bytes:
    """Return a certificate in DER, if it is one."""
    try:
        found = Certificate.read(data)
    except InputError as error:
        raise BuildError(field, f"it is no certificate ({error})") from None
    if found.der != data:
        raise BuildError(field, "give the certificate in DER, not in PEM")
    return data


def digest(value: CertificateDigest, field: str) -> CertificateDigest:
    """Return a digest of a certificate, if it is by SM3."""
    if value.algorithm not in SM3_NAMES:
        raise BuildError(field, f"the algorithm must be {' or '.join(SM3_NAMES)}")
    sm3(value.value, field)
    return value


def sm3(value: bytes, field: str) -> bytes:
    """Return a digest by SM3, if it is as long as one."""
    if len(value) != HASH_BYTES:
        raise BuildError(field, f"SM3 gives {HASH_BYTES} bytes, not {len(value)}")
    return value


def signature(value: bytes, field: str) -> bytes:
    """Return SM2's signature if it is SEQUENCE { r, s } in DER (GB/T 35276, 7.3)."""
    try:
        encoding.der_to_raw(value, _SIGNATURE_NUMBER)
    except ValueError:
        hint = "; encode r and s, which are side by side" if len(value) == 64 else ""
        raise BuildError(field, f"it is not SM2's SEQUENCE {{ r, s }} in DER{hint}") from None
    return value


def time_token(value: bytes, field: str) -> bytes:
    """Return a TimeStampToken if it is a ContentInfo in DER by its frame."""
    if len(value) > limits.TIME_TOKEN_BYTES:
        limit = limits.TIME_TOKEN_BYTES
        raise BuildError(field, f"it has {len(value)} bytes; {limit} are the most")
    if value[:1] != bytes([tlv.SEQUENCE]) or not tlv.is_whole(value):
        raise BuildError(field, "it is not one SEQUENCE in DER; give the TimeStampToken alone")
    return value


def extensions(values: Sequence[Extension], field: str) -> None:
    """Check identifiers, sizes, and that none comes twice."""
    if len(values) > limits.EXTENSIONS:
        raise BuildError(field, f"there are {len(values)}; {limits.EXTENSIONS} are the most")
    seen = set()
    for each in values:
        _oid(each.oid, field)
        if each.oid in seen:
            raise BuildError(field, f"{each.oid} is there twice")
        if len(each.value) > limits.BUILT_EXTENSION_BYTES:
            most = limits.BUILT_EXTENSION_BYTES
            raise BuildError(
                field, f"{each.oid} has {len(each.value)} bytes of value; {most} are the most"
            )
        seen.add(each.oid)


def _oid(dotted: str, field: str) -> None:
    is_one = len(dotted) <= _OID_CHARACTERS and _OID.fullmatch(dotted)
    if not is_one or len(encode.oid(dotted)) - 2 > limits.OID_BYTES:
        shown = ascii(dotted[:80])
        raise BuildError(field, f"{shown} is no object identifier, as 1.2.156.10197.1 is one")
