"""Certificate revocation lists (RFC 5280, 5; GB/T 20518, 6): read, and asked for one serial.

cryptography goes through the entries, of which there can be a hundred thousand.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signetd.pki import der, extensions, names, pem
from signetd.pki.errors import InputError
from signetd.pki.extensions import Extension
from signetd.pki.policy import REASONS

_LABEL: Final = "X509 CRL"
_TIMES: Final = (der.UTC_TIME, der.GENERALIZED_TIME)
_CERTIFICATE_ISSUER: Final = bytes.fromhex("0603551d1d")
"""The identifier of the entry extension that makes a list indirect, DER."""
_MALFORMED: Final = (ValueError, x509.DuplicateExtension, x509.InvalidVersion)


class Entry(NamedTuple):
    """That a certificate is revoked, from when on, and why: REASONS, or what is wrong with it."""

    since: datetime
    reason: str


class Scope(NamedTuple):
    """What a list is limited to (IssuingDistributionPoint, RFC 5280, 5.2.5)."""

    points: frozenset[bytes] | None
    """GeneralNames, of which the certificate must have one; None for no such limit."""
    only_users: bool
    only_authorities: bool
    problem: str
    """Why such a list is not supported here."""


@dataclass(frozen=True, eq=False)
class RevocationList:
    """A list; make it with read(). What is DER stands as in the list."""

    place: str
    tbs: bytes = field(repr=False)
    inner_algorithm: bytes = field(repr=False)
    algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    this_update: datetime
    next_update: datetime | None
    extensions: tuple[Extension, ...] = field(repr=False)
    scope: Scope | None
    has_other_issuers: bool
    _parsed: x509.CertificateRevocationList = field(repr=False)

    @classmethod
    def read(cls, data: bytes, place: str = "revocation list") -> "RevocationList":
        """Read one list in DER or PEM. Raises InputError naming *place*."""
        found = pem.blocks(data, _LABEL, place)
        if len(found) != 1:
            raise InputError(place, f"it has {len(found)} revocation lists; give one")
        return _read(found[0], place)

    @property
    def der(self) -> bytes:
        """The whole list, as it was read."""
        return self._parsed.public_bytes(Encoding.DER)

    def entry(self, serial: int) -> Entry | None:
        """Return what the list says of a serial number; None if it is not on it."""
        if serial <= 0:  # cryptography has no such number, and no path with one holds
            return None
        found = self._parsed.get_revoked_certificate_by_serial_number(serial)
        return None if found is None else _entry(found)


def _read(data: bytes, place: str) -> RevocationList:
    try:
        parsed = x509.load_der_x509_crl(data)
    except _MALFORMED as error:
        raise InputError(place, f"it is not a revocation list in DER ({error})") from None
    fields = der.Fields(der.single(data, der.SEQUENCE, place), place)
    tbs = fields.take(der.SEQUENCE, "tbsCertList")
    algorithm = fields.take(der.SEQUENCE, "signatureAlgorithm").raw
    signature = der.bits(fields.take(der.BIT_STRING, "signature"), f"{place}, signature")
    fields.end()
    return _assembled(tbs, algorithm, signature, place, parsed)


def _assembled(
    tbs: der.Element,
    algorithm: bytes,
    signature: bytes,
    place: str,
    parsed: x509.CertificateRevocationList,
) -> RevocationList:
    fields = der.Fields(tbs, f"{place}, tbsCertList")
    fields.take_if(der.INTEGER)
    inner = fields.take(der.SEQUENCE, "signature").raw
    issuer = fields.take(der.SEQUENCE, "issuer").raw
    names.check(issuer, f"{fields.place}, issuer")
    this_update, next_update = fields.take_if(*_TIMES), fields.take_if(*_TIMES)
    if this_update is None:
        raise InputError(f"{fields.place}, thisUpdate", "there is no time")
    fields.take_if(der.SEQUENCE)
    found = _extensions(fields)
    return RevocationList(
        place, tbs.raw, inner, algorithm, signature, issuer,
        der.time(this_update, f"{fields.place}, thisUpdate"),
        None if next_update is None else der.time(next_update, f"{fields.place}, nextUpdate"),
        found, _scope(found, place), _CERTIFICATE_ISSUER in tbs.raw, parsed,
    )  # fmt: skip


def _extensions(fields: der.Fields) -> tuple[Extension, ...]:
    tagged = fields.take_if(0xA0)
    fields.end()
    if tagged is None:
        return ()
    place = f"{fields.place}, crlExtensions"
    return extensions.read(der.single(tagged.value, der.SEQUENCE, place), place)


def _scope(found: tuple[Extension, ...], place: str) -> Scope | None:
    extension = extensions.find(found, extensions.ISSUING_DISTRIBUTION_POINT)
    if extension is None:
        return None
    place += ", issuingDistributionPoint"
    element = der.single(extension.value, der.SEQUENCE, place)
    der.check(element, place)
    fields = der.Fields(element, place)
    point, users, authorities = (fields.take_if(tag) for tag in (0xA0, 0x81, 0x82))
    reasons, indirect, attributes = (fields.take_if(tag) for tag in (0x83, 0x84, 0x85))
    fields.end()
    problem = "it has some reasons only" if reasons is not None else ""
    problem = "it is for attribute certificates" if _is_true(attributes) else problem
    problem = "it is indirect, for certificates of other CAs" if _is_true(indirect) else problem
    points = None if point is None else extensions.full_names(point)
    return Scope(points, _is_true(users), _is_true(authorities), problem)


def _is_true(flag: der.Element | None) -> bool:
    return flag is not None and flag.value != b"\x00"


def _entry(found: x509.RevokedCertificate) -> Entry:
    since, reason = found.revocation_date_utc, REASONS[0]
    try:
        for each in found.extensions:
            if isinstance(each.value, x509.CRLReason):
                reason = each.value.reason.value
            elif isinstance(each.value, x509.InvalidityDate):
                # The key may have been in other hands before the CA came to know of it.
                since = min(since, each.value.invalidity_date_utc)
            elif each.critical:
                return Entry(since, f"critical extension {each.oid.dotted_string}")
    except _MALFORMED:
        reason = "malformed"
    return Entry(since, reason)
