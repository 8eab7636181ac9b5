"""SESeal written by hand: GM/T 0031-2014 (1), GB/T 38540-2020 (4) and GM/T 0031-2025 (5)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.vectors.seals.generator import der, openssl, pictures, times
from tests.vectors.seals.generator.authority import SM2_SM3, Holder

Sign = Callable[[bytes], bytes]
"""From what is to be signed to the octets of the signature."""


@dataclass(frozen=True)
class Extension:
    """ExtData; *critical* is written, although DER leaves FALSE out; None leaves it out."""

    oid: str
    critical: bool | None
    value: bytes

    def encoded(self) -> bytes:
        critical = b"" if self.critical is None else der.boolean(self.critical)
        return der.sequence(der.oid(self.oid), critical, der.octets(self.value))


@dataclass(frozen=True)
class Seal:
    """What a seal says. *version* is the header's; *digests* puts the owners as digests."""

    format: int
    owners: tuple[bytes, ...]
    version: int
    vendor: str = "示例厂商"
    seal_id: str = "11010800012345"
    kind: int = 1
    name: str = "示例科技有限公司"
    digests: bool = False
    digest_name: str = "SM3"
    created: datetime = times.CREATED
    start: datetime = times.CREATED
    end: datetime = times.SEAL_END
    fraction: str = ""
    picture: str = "PNG"
    picture_data: bytes = field(default_factory=pictures.png)
    extensions: tuple[Extension, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return what a reader must find, for the manifest."""
        told = {"version": self.version, "vendor": self.vendor, "seal_id": self.seal_id}
        whose = {"kind": self.kind, "name": self.name}
        owners = {("digests" if self.digests else "certificates"): len(self.owners)}
        seconds = float("0" + self.fraction) if self.fraction else 0
        when = {
            "create_time": text(self.created, seconds),
            "valid_from": text(self.start, seconds),
            "valid_until": text(self.end, seconds),
        }
        size = {"picture": self.picture, "picture_octets": len(self.picture_data)}
        extensions = [[each.oid, bool(each.critical), each.value.hex()] for each in self.extensions]
        return told | whose | owners | when | size | {"extensions": extensions}


def text(moment: datetime, seconds: float = 0) -> str:
    """Return a time of ISO 8601, in UTC."""
    return moment.replace(microsecond=round(seconds * 1_000_000)).isoformat()


def info(seal: Seal) -> bytes:
    """Return SES_SealInfo."""
    header = der.sequence(der.ia5("ES"), der.integer(seal.version), der.ia5(seal.vendor))
    data = der.octets(seal.picture_data)
    picture = der.sequence(der.ia5(seal.picture), data, der.integer(40), der.integer(40))
    more = der.sequence(*(each.encoded() for each in seal.extensions)) if seal.extensions else b""
    return der.sequence(header, der.ia5(seal.seal_id), properties(seal), picture, more)


def properties(seal: Seal) -> bytes:
    """Return SES_ESPropertyInfo; version 1 has UTCTime, and no type of the list."""
    moments = (seal.created, seal.start, seal.end)
    if seal.format == 1:
        days = [der.utc_time(each) for each in moments]
        owners = der.sequence(*map(der.octets, seal.owners))
    else:
        days = [der.generalized_time(each, seal.fraction) for each in moments]
        owners = der.integer(2 if seal.digests else 1) + _owners(seal)
    return der.sequence(der.integer(seal.kind), der.utf8(seal.name), owners, *days)


def _owners(seal: Seal) -> bytes:
    if not seal.digests:
        return der.sequence(*map(der.octets, seal.owners))
    name = der.printable(seal.digest_name)
    digests = (der.octets(openssl.sm3(each)) for each in seal.owners)
    return der.sequence(*(der.sequence(name, each) for each in digests))


def sealed(
    seal: Seal,
    maker: Holder,
    *,
    sign: Sign | None = None,
    token: Sign | None = None,
    signed_as: int = 0,
    change: Sign = lambda encoded: encoded,
) -> bytes:
    """Return SESeal.

    *sign* signs in place of the maker; *token* makes the time stamp from the signature's octets;
    *signed_as* signs the bytes of another version's rule; *change* alters SES_SealInfo before.
    """
    told, certificate = change(info(seal)), der.octets(maker.certificate)
    algorithm = der.oid(SM2_SM3)
    whole = der.sequence(told, certificate, algorithm)
    signature = (sign or maker.key.sign)(whole if (signed_as or seal.format) == 1 else told)
    if seal.format == 1:
        return der.sequence(told, der.sequence(certificate, algorithm, der.bits(signature)))
    stamped = der.explicit(0, der.bits(token(signature))) if token else b""
    return der.sequence(told, certificate, algorithm, der.bits(signature), stamped)
