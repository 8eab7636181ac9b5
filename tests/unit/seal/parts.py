"""Good input for the builders, to be changed in one place by each test."""

import functools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from signetd.seal import (
    CertificateDigest,
    Extension,
    Format,
    Picture,
    Properties,
    seal,
    seal_info,
    stamp,
    to_sign,
)
from tests.unit.pki.forest import maker
from tests.unit.seal import samples, shapes

CREATED = datetime(2026, 7, 1, 8, 0, 0, tzinfo=timezone(timedelta(hours=8)))
START = datetime(2026, 7, 2, tzinfo=UTC)
UNTIL = datetime(2031, 7, 2, tzinfo=UTC)
TIME = datetime(2026, 8, 1, 2, 3, 4, tzinfo=UTC)
SIGNATURE = shapes.seq(shapes.num(2**255 - 19), shapes.num(2**200 + 7))
TOKEN = shapes.seq(shapes.tlv(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"), shapes.tagged(b"\x05\0"))
EXTENSIONS = (
    Extension("1.2.156.10197.1.999", True, b"\x0c\x03abc"),
    Extension("2.999.340282366920938463463374607431768211455", False, b""),
)


@functools.cache
def certificates() -> tuple[bytes, bytes]:
    """Return the certificates of an owner and of a maker."""
    forest = maker("ec")
    return forest.leaf.der, forest.ca.leaf("maker of seals").der


def properties(**changes: Any) -> Properties:
    given: dict[str, Any] = {
        "kind": 1,
        "name": "杭州某某公司合同专用章（1）",
        "certificates": (certificates()[0],),
        "create_time": CREATED,
        "valid_from": START,
        "valid_until": UNTIL,
    }
    return Properties(**(given | changes))


def digests(*algorithms: str) -> Properties:
    values = [CertificateDigest(each, bytes([i]) * 32) for i, each in enumerate(algorithms)]
    return properties(certificates=(), digests=tuple(values))


def picture(**changes: Any) -> Picture:
    given: dict[str, Any] = {"kind": "PNG", "data": samples.PNG, "width": 42, "height": 43}
    return Picture(**(given | changes))


def info(**changes: Any) -> bytes:
    given: dict[str, Any] = {
        "format": Format.V5,
        "vendor": "Example Seals",
        "seal_id": "33010620260701",
        "properties": properties(),
        "picture": picture(),
        "extensions": EXTENSIONS,
    }
    return seal_info(**(given | changes))


def made_seal(**changes: Any) -> bytes:
    given: dict[str, Any] = {"format": Format.V5, "time_token": TOKEN}
    given |= changes
    if given["format"] is not Format.V5:
        given["time_token"] = None
    inner = given.pop("info_der", None) or info(format=given["format"])
    certificate = given.pop("certificate", certificates()[1])
    return seal(inner, certificate, given.pop("signature", SIGNATURE), **given)


def to_be_signed(**changes: Any) -> bytes:
    given: dict[str, Any] = {
        "time": TIME,
        "data_hash": shapes.HASH,
        "property_info": "/Doc_0/Signs/Sign_0/Signature.xml",
        "extensions": EXTENSIONS,
    }
    given |= changes
    return to_sign(given.pop("seal_der", None) or made_seal(), **given)


def made_stamp(**changes: Any) -> bytes:
    given: dict[str, Any] = {"time_token": TOKEN, **changes}
    inner = given.pop("to_sign_der", None) or to_be_signed()
    certificate = given.pop("certificate", certificates()[0])
    return stamp(inner, certificate, given.pop("signature", SIGNATURE), **given)
