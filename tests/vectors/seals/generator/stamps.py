"""SES_Signature written by hand: a seal applied to a document, in all three versions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.vectors.seals.generator import der, openssl, times
from tests.vectors.seals.generator.authority import SM2_SM3, Holder
from tests.vectors.seals.generator.seals import Extension, Sign, text

DOCUMENT: Final = "document.xml"
DOCUMENT_TEXT: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<示例>电子签章的原文</示例>\n'.encode()
)
ORIGINAL: Final = "/Doc_0/Signs/Sign_0/Signature.xml"


@dataclass(frozen=True)
class Stamp:
    """What a stamp says; *moment* is an encoded timeInfo, in place of the usual one of *time*."""

    format: int
    seal: bytes
    version: int
    time: datetime | None = times.SIGNED
    fraction: str = ""
    moment: bytes = b""
    document: bytes = DOCUMENT_TEXT
    original: str = ORIGINAL
    extensions: tuple[Extension, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return what a reader must find, for the manifest."""
        seconds = float("0" + self.fraction) if self.fraction else 0
        extensions = [[each.oid, bool(each.critical), each.value.hex()] for each in self.extensions]
        return {
            "version": self.version,
            "time": text(self.time, seconds) if self.time else None,
            "data_hash": openssl.sm3(self.document).hex(),
            "property_info": self.original,
            "extensions": extensions,
        }


def to_sign(stamp: Stamp, signer: bytes) -> bytes:
    """Return TBS_Sign; version 1 has the signer's certificate and the algorithm in it."""
    moment = stamp.moment or _moment(stamp)
    digest = der.bits(openssl.sm3(stamp.document))
    told = (der.integer(stamp.version), stamp.seal, moment, digest, der.ia5(stamp.original))
    if stamp.format == 1:
        return der.sequence(*told, der.octets(signer), der.oid(SM2_SM3))
    listed = der.sequence(*(each.encoded() for each in stamp.extensions))
    return der.sequence(*told, der.explicit(0, listed) if stamp.extensions else b"")


def _moment(stamp: Stamp) -> bytes:
    if stamp.time is None:
        raise ValueError("a stamp without a time needs an encoded moment")
    if stamp.format == 1:
        return der.bits(stamp.time.strftime("%Y-%m-%dT%H:%M:%S.000Z").encode())
    return der.generalized_time(stamp.time, stamp.fraction)


def stamped(
    stamp: Stamp,
    signer: Holder,
    *,
    sign: Sign | None = None,
    token: Sign | None = None,
    change: Callable[[bytes], bytes] = lambda encoded: encoded,
) -> bytes:
    """Return SES_Signature.

    *sign* signs in place of the signer; *token* makes the time stamp from the signature's octets;
    *change* alters TBS_Sign before.
    """
    told = change(to_sign(stamp, signer.certificate))
    signature = (sign or signer.key.sign)(told)
    if stamp.format == 1:
        return der.sequence(told, der.bits(signature))
    added = der.explicit(0, der.bits(token(signature))) if token else b""
    certificate, algorithm = der.octets(signer.certificate), der.oid(SM2_SM3)
    return der.sequence(told, certificate, algorithm, der.bits(signature), added)
