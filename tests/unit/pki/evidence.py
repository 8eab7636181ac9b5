"""Revocation lists and OCSP responses of every kind, also of those that are wrong."""

import datetime
import hashlib
from collections.abc import Sequence

from tests.unit.pki import holders, making
from tests.unit.pki.holders import ID, Key
from tests.unit.pki.making import DAY, NOW, Extension, tlv

REASONS = {"keyCompromise": 1, "superseded": 4, "certificateHold": 6, "removeFromCRL": 8}
Life = tuple[datetime.datetime, datetime.datetime]
Revoked = tuple[int, datetime.datetime, Sequence[Extension]]


def reason(name: str) -> Extension:
    return "2.5.29.21", False, tlv(0x0A, bytes([REASONS[name]]))


def invalid_since(moment: datetime.datetime) -> Extension:
    return "2.5.29.24", False, making.generalized(moment)


def revocation_list(
    issuer: bytes,
    signer: Key,
    revoked: Sequence[Revoked] = (),
    given: Sequence[Extension] = (),
    *,
    life: Life = (NOW - DAY, NOW + DAY),
    signer_id: bytes = ID,
    digest: str = "",
    inner: bytes = b"",
) -> bytes:
    """Return a revocation list in DER."""
    entries = b"".join(_entry(*each) for each in revoked)
    outer = holders.algorithm(signer, digest)
    tbs = tlv(
        0x30,
        making.integer(1),
        inner or outer,
        issuer,
        making.utc(life[0]),
        making.utc(life[1]),
        tlv(0x30, entries) if entries else b"",
        tlv(0xA0, making.extensions((("2.5.29.20", False, making.integer(7)), *given))),
    )
    return tlv(0x30, tbs, outer, making.bit_string(holders.sign(signer, tbs, digest, signer_id)))


def _entry(serial: int, since: datetime.datetime, given: Sequence[Extension]) -> bytes:
    more = making.extensions(given) if given else b""
    return tlv(0x30, making.integer(serial), making.utc(since), more)


_HASHES = {
    "sha1": "300906052b0e03021a0500",
    "sha256": "300d06096086480165030402010500",
    "sm3": "300c06082a811ccf550183110500",
}


def _digest(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data).digest()


def cert_id(issuer: bytes, holder: Key, serial: int, digest: str = "sha1") -> bytes:
    hashed = (tlv(4, _digest(digest, each)) for each in (issuer, holder.bits))
    return tlv(0x30, bytes.fromhex(_HASHES[digest]), *hashed, making.integer(serial))


GOOD, UNKNOWN = tlv(0x80), tlv(0x82)


def revoked_since(moment: datetime.datetime, why: str = "superseded") -> bytes:
    number = tlv(0xA0, tlv(0x0A, bytes([REASONS[why]])))
    return tlv(0xA1, making.generalized(moment), number)


def response(
    named: bytes,
    signer: Key,
    responder: bytes,
    status: bytes = GOOD,
    certificates: Sequence[bytes] = (),
    *,
    life: tuple[datetime.datetime, datetime.datetime | None] = (NOW - DAY, NOW + DAY),
    by_key: bool = False,
    signer_id: bytes = ID,
    given: Sequence[Extension] = (),
) -> bytes:
    """Return an OCSP response in DER; *named* is a cert_id, *responder* the signer's name."""
    until = b"" if life[1] is None else tlv(0xA0, making.generalized(life[1]))
    one = tlv(0x30, named, status, making.generalized(life[0]), until)
    who = tlv(0xA2, tlv(4, signer.identifier)) if by_key else tlv(0xA1, responder)
    more = tlv(0xA1, making.extensions(given)) if given else b""
    tbs = tlv(0x30, who, making.generalized(life[0]), tlv(0x30, one), more)
    signature = making.bit_string(holders.sign(signer, tbs, "", signer_id))
    inside = tlv(0xA0, tlv(0x30, *certificates)) if certificates else b""
    basic = tlv(0x30, tbs, holders.algorithm(signer), signature, inside)
    typed = tlv(0x30, making.oid("1.3.6.1.5.5.7.48.1.1"), tlv(4, basic))
    return tlv(0x30, tlv(0x0A, b"\x00"), tlv(0xA0, typed))
