"""Certificates, pictures and applications for seals, made with openssl and by hand."""

import datetime
import functools
import struct
import zlib

from tests.unit.pki import making
from tests.unit.pki.holders import Key, key

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
LIFE = (NOW - 100 * DAY, NOW + 1000 * DAY)
CODE = "91330100799655058B"
"""The code of a real company, as it stands in the public register."""
OTHER_CODE = "914403001922038216"
ROOT = making.name("root of seals")
SIGNS = ("digital_signature", "content_commitment")


@functools.cache
def authority() -> Key:
    """The SM2 key of a CA."""
    return key("sm2", "authority of seals")


@functools.cache
def root() -> bytes:
    """Its certificate, DER."""
    given = [making.basic(ca=True), making.usage("key_cert_sign", "crl_sign")]
    return making.certificate(ROOT, authority(), ROOT, authority(), given, serial=1, life=LIFE)


def certificate(
    spki: bytes,
    name: str = "somebody",
    *,
    usages: tuple[str, ...] = SIGNS,
    life: tuple[datetime.datetime, datetime.datetime] = LIFE,
    serial: int = 2,
) -> bytes:
    """Return a certificate by the CA for whatever key, DER."""
    holder = Key("sm2", b"", spki)
    given = [making.basic(ca=False), making.usage(*usages)]
    return making.certificate(
        making.name(name), holder, ROOT, authority(), given, serial=serial, life=life
    )


def png(width: int = 3, height: int = 2, noise: bytes = b"") -> bytes:
    """Return a red picture in PNG; *noise* goes into a text of it."""
    rows = b"".join(b"\0" + b"\xd0\0\0" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    if noise:
        parts.insert(1, (b"tEXt", b"noise\0" + noise))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
