"""Certificates, lists and responses of every kind, also of those that are wrong.

Written byte by byte, because the usual libraries refuse to make what is to be refused.
"""

import base64
import datetime
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.unit.pki.holders import ID, Key, algorithm, sign

NOW: Final = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
DAY: Final = datetime.timedelta(days=1)
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
EMAIL, OCSP_SIGNING = ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.OCSP_SIGNING
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

Extension = tuple[str, bool, bytes]
"""Identifier, critical, value."""


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label.encode(), body, label.encode())


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(number: int) -> bytes:
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def utc(moment: datetime.datetime) -> bytes:
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def generalized(moment: datetime.datetime) -> bytes:
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def bit_string(content: bytes) -> bytes:
    return tlv(3, b"\x00", content)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(each) for each in dotted.split("."))
    octets = b""
    for number in (40 * first + second, *rest):
        low = bytes([number & 0x7F])
        while number := number >> 7:
            low = bytes([0x80 | number & 0x7F]) + low
        octets += low
    return tlv(6, octets)


def name(common_name: str) -> bytes:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]).public_bytes()


def usage(*names: str, critical: bool = True) -> Extension:
    value = x509.KeyUsage(*(each in names for each in _USAGES))
    return "2.5.29.15", critical, value.public_bytes()


def basic(*, ca: bool, length: int | None = None, critical: bool = True) -> Extension:
    return "2.5.29.19", critical, x509.BasicConstraints(ca, length).public_bytes()


def purposes(*oids: x509.ObjectIdentifier) -> Extension:
    return "2.5.29.37", False, x509.ExtendedKeyUsage(oids).public_bytes()


def key_id(holder: Key) -> Extension:
    return "2.5.29.14", False, tlv(4, holder.identifier)


def authority_id(identifier: bytes) -> Extension:
    return "2.5.29.35", False, tlv(0x30, tlv(0x80, identifier))


def alt_name() -> Extension:
    names = x509.SubjectAlternativeName([x509.DNSName("signer.example")])
    return "2.5.29.17", False, names.public_bytes()


def extensions(given: Iterable[Extension]) -> bytes:
    return tlv(
        0x30,
        *(
            tlv(0x30, oid(each), tlv(1, b"\xff") if critical else b"", tlv(4, value))
            for each, critical, value in given
        ),
    )


def certificate(
    subject: bytes,
    holder: Key,
    issuer: bytes,
    signer: Key,
    given: Sequence[Extension],
    *,
    serial: int,
    life: tuple[datetime.datetime, datetime.datetime] = (NOW - 100 * DAY, NOW + 100 * DAY),
    digest: str = "",
    signer_id: bytes = ID,
    version: int = 3,
    inner: bytes = b"",
) -> bytes:
    """Return a certificate in DER."""
    outer = algorithm(signer, digest)
    tbs = tlv(
        0x30,
        tlv(0xA0, integer(version - 1)) if version > 1 else b"",
        integer(serial),
        inner or outer,
        issuer,
        tlv(0x30, utc(life[0]), utc(life[1])),
        subject,
        holder.spki,
        tlv(0xA3, extensions(given)) if given else b"",
    )
    return tlv(0x30, tbs, outer, bit_string(sign(signer, tbs, digest, signer_id)))
