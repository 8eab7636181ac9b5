"""OCSP responses (RFC 6960, 4.2): read strictly."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from signetd.gm import oids, sm3
from signetd.pki import der, extensions, names
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError
from signetd.pki.extensions import Extension
from signetd.pki.policy import REASONS

MAX_BYTES: Final = 256 * 1024
_BASIC: Final = "1.3.6.1.5.5.7.48.1.1"
_STATUSES: Final = {
    1: "malformedRequest",
    2: "internalError",
    3: "tryLater",
    5: "sigRequired",
    6: "unauthorized",
}
_HASHES: Final = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    oids.SM3: "sm3",
}


class CertId(NamedTuple):
    """Which certificate is told of; *hash* is "" for one that is not known here."""

    hash: str
    issuer_name: bytes
    issuer_key: bytes
    serial: int

    def is_of(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Say whether this names *certificate*, by *issuer*."""
        if not self.hash or self.serial != certificate.serial:
            return False
        return self.issuer_name == digest(self.hash, certificate.issuer) and (
            self.issuer_key == digest(self.hash, issuer.key_bits)
        )


class Single(NamedTuple):
    """What a response says of one certificate; *status* is good, revoked or unknown."""

    cert_id: CertId
    status: str
    since: datetime | None
    reason: str
    this_update: datetime
    next_update: datetime | None
    extensions: tuple[Extension, ...]


@dataclass(frozen=True, eq=False)
class OcspResponse:
    """A successful basic response; make it with read(). What is DER stands as in the response."""

    place: str
    tbs: bytes = field(repr=False)
    algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    responder_name: bytes | None = field(repr=False)
    responder_key: bytes | None = field(repr=False)
    singles: tuple[Single, ...] = field(repr=False)
    extensions: tuple[Extension, ...] = field(repr=False)
    certificates: tuple[Certificate, ...] = field(repr=False)

    @classmethod
    def read(cls, data: bytes, place: str = "OCSP response") -> "OcspResponse":
        """Read a response in DER. Raises InputError naming *place*, also for a refusal."""
        if len(data) > MAX_BYTES:
            raise InputError(place, f"it has more than {MAX_BYTES} bytes")
        whole = der.single(data, der.SEQUENCE, place)
        der.check(whole, place)
        return _basic(_content(der.Fields(whole, place)), place)

    def is_by(self, certificate: Certificate) -> bool:
        """Say whether the response names *certificate* as its signer's."""
        if self.responder_name is not None:
            return names.key(self.responder_name) == certificate.subject_key
        # SHA-1 says RFC 6960, 4.2.1.
        return any(digest(each, certificate.key_bits) == self.responder_key for each in _BY_KEY)


_BY_KEY: Final = ("sha1", "sm3", "sha256")


def digest(name: str, data: bytes) -> bytes:
    """Hash as a CertID or ResponderID does; only to tell names and keys apart."""
    if name == "sm3":
        return sm3.sm3(data)
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _content(fields: der.Fields) -> bytes:
    status = der.integer(fields.take(der.ENUMERATED, "responseStatus"))
    if status:
        what = _STATUSES.get(status, str(status))
        raise InputError(fields.place, f"the responder has refused: {what}; ask it again")
    tagged = fields.take(0xA0, "responseBytes")
    fields.end()
    inside = der.Fields(der.single(tagged.value, der.SEQUENCE, fields.place), fields.place)
    kind = der.oid(inside.take(der.OID, "responseType"), fields.place)
    content = inside.take(der.OCTET_STRING, "response").value
    inside.end()
    if kind != _BASIC:
        raise InputError(fields.place, f"it is of the type {kind}, not a basic response")
    return content


def _basic(content: bytes, place: str) -> OcspResponse:
    whole = der.single(content, der.SEQUENCE, place)
    der.check(whole, place)
    fields = der.Fields(whole, place)
    tbs = fields.take(der.SEQUENCE, "tbsResponseData")
    algorithm = fields.take(der.SEQUENCE, "signatureAlgorithm").raw
    signature = der.bits(fields.take(der.BIT_STRING, "signature"), f"{place}, signature")
    tagged = fields.take_if(0xA0)
    fields.end()
    found = () if tagged is None else _certificates(tagged, place)
    name, key, singles, more = _data(der.Fields(tbs, f"{place}, tbsResponseData"))
    return OcspResponse(place, tbs.raw, algorithm, signature, name, key, singles, more, found)


def _data(
    fields: der.Fields,
) -> tuple[bytes | None, bytes | None, tuple[Single, ...], tuple[Extension, ...]]:
    fields.take_if(0xA0)  # the version, of which there is one
    by_name, by_key = fields.take_if(0xA1), fields.take_if(0xA2)
    if (by_name is None) == (by_key is None):
        raise InputError(f"{fields.place}, responderID", "it is neither a name nor a key")
    if by_name is not None:
        names.check(by_name.value, f"{fields.place}, responderID")
    key = None if by_key is None else der.single(by_key.value, der.OCTET_STRING, fields.place).value
    der.time(fields.take(der.GENERALIZED_TIME, "producedAt"), f"{fields.place}, producedAt")
    singles = der.elements(fields.take(der.SEQUENCE, "responses").value, fields.place)
    more = _extensions(fields)
    place = f"{fields.place}, response"
    told = tuple(_single(each, f"{place} {i}") for i, each in enumerate(singles, 1))
    return None if by_name is None else by_name.value, key, told, more


def _single(element: der.Element, place: str) -> Single:
    fields = der.Fields(element, place)
    cert_id = _cert_id(fields.take(der.SEQUENCE, "certID"), place)
    status, since, reason = _status(fields)
    this_update = der.time(fields.take(der.GENERALIZED_TIME, "thisUpdate"), place)
    tagged = fields.take_if(0xA0)
    until = None if tagged is None else der.single(tagged.value, der.GENERALIZED_TIME, place)
    next_update = None if until is None else der.time(until, place)
    return Single(cert_id, status, since, reason, this_update, next_update, _extensions(fields))


def _cert_id(element: der.Element, place: str) -> CertId:
    fields = der.Fields(element, f"{place}, certID")
    algorithm = der.elements(fields.take(der.SEQUENCE, "hashAlgorithm").value, place)
    if not algorithm:
        raise InputError(place, "the hash of its certID has no identifier")
    name, key = (fields.take(der.OCTET_STRING, each).value for each in ("name", "key"))
    serial = der.integer(fields.take(der.INTEGER, "serialNumber"))
    fields.end()
    return CertId(_HASHES.get(der.oid(algorithm[0], place), ""), name, key, serial)


def _status(fields: der.Fields) -> tuple[str, datetime | None, str]:
    if fields.take_if(0x80) is not None:
        return "good", None, ""
    if fields.take_if(0x82) is not None:
        return "unknown", None, ""
    inside = der.Fields(fields.take(0xA1, "certStatus"), f"{fields.place}, certStatus")
    since = der.time(inside.take(der.GENERALIZED_TIME, "revocationTime"), inside.place)
    tagged = inside.take_if(0xA0)
    inside.end()
    number = 0
    if tagged is not None:
        number = der.integer(der.single(tagged.value, der.ENUMERATED, inside.place))
    return "revoked", since, REASONS[number] if 0 <= number < len(REASONS) else str(number)


def _extensions(fields: der.Fields) -> tuple[Extension, ...]:
    tagged = fields.take_if(0xA1)
    fields.end()
    if tagged is None:
        return ()
    return extensions.read(der.single(tagged.value, der.SEQUENCE, fields.place), fields.place)


def _certificates(tagged: der.Element, place: str) -> tuple[Certificate, ...]:
    inside = der.elements(der.single(tagged.value, der.SEQUENCE, place).value, place)
    return tuple(
        Certificate.read(each.raw, f"{place}, certificate {i}") for i, each in enumerate(inside, 1)
    )
