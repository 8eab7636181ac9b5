"""X.509 certificates (RFC 5280, 4.1; GB/T 20518, 5): read strictly, every part as it stands."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

from signetd.pki import der, extensions, names, pem
from signetd.pki.errors import InputError
from signetd.pki.extensions import AuthorityKeyId, BasicConstraints, Extension

MAX_BYTES: Final = 64 * 1024
_LABEL: Final = "CERTIFICATE"
_VERSION, _UNIQUE_IDS, _EXTENSIONS = 0xA0, (0x81, 0x82), 0xA3


@dataclass(frozen=True, eq=False)
class Certificate:
    """A certificate; equal to one of the same bytes. Make it with read() or read_all().

    ``tbs``, ``issuer``, ``subject``, ``spki`` and the algorithms are DER as in the certificate.
    What extensions say is None where the extension is not there.
    """

    der: bytes
    tbs: bytes = field(repr=False)
    version: int
    """1 to 3, as people count."""
    serial: int
    inner_algorithm: bytes = field(repr=False)
    issuer: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime
    subject: bytes = field(repr=False)
    spki: bytes = field(repr=False)
    extensions: tuple[Extension, ...] = field(repr=False)
    algorithm: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    key_usage: frozenset[str] | None
    basic_constraints: BasicConstraints | None
    extended_key_usage: frozenset[str] | None
    subject_key_id: bytes | None
    authority_key_id: AuthorityKeyId | None

    @classmethod
    def read(cls, data: bytes, place: str = "certificate") -> "Certificate":
        """Read one certificate, in DER or PEM. Raises InputError naming *place*."""
        found = pem.blocks(data, _LABEL, place)
        if len(found) != 1:
            raise InputError(place, f"it has {len(found)} certificates; give one")
        return _read(found[0], place)

    @classmethod
    def read_all(cls, data: bytes, place: str = "certificates") -> "list[Certificate]":
        """Read certificates: any number in PEM, or one in DER. Raises InputError."""
        found = pem.blocks(data, _LABEL, place)
        return [_read(each, f"{place}, number {i}") for i, each in enumerate(found, 1)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    @cached_property
    def name(self) -> str:
        """The subject, for people."""
        return names.text(self.subject)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def subject_key(self) -> names.Key:
        """What to compare of the subject."""
        return names.key(self.subject)

    @cached_property
    def issuer_key(self) -> names.Key:
        """What to compare of the issuer."""
        return names.key(self.issuer)

    @property
    def is_self_issued(self) -> bool:
        """Whether subject and issuer are the same name (RFC 5280, 3.2); a CA's new key, say."""
        return self.subject_key == self.issuer_key

    @property
    def key_bits(self) -> bytes:
        """The public key itself, without its algorithm; what identifiers of keys are made of."""
        inside = der.elements(der.single(self.spki, der.SEQUENCE, "public key").value, "public key")
        return inside[1].value[1:]


def _read(data: bytes, place: str) -> Certificate:
    if len(data) > MAX_BYTES:
        raise InputError(place, f"a certificate has at most {MAX_BYTES} bytes, not {len(data)}")
    whole = der.single(data, der.SEQUENCE, place)
    der.check(whole, place)
    fields = der.Fields(whole, place)
    tbs = fields.take(der.SEQUENCE, "tbsCertificate")
    algorithm = fields.take(der.SEQUENCE, "signatureAlgorithm")
    signature = der.bits(fields.take(der.BIT_STRING, "signature"), f"{place}, signature")
    fields.end()
    return _assembled(data, tbs, algorithm.raw, signature, place)


def _assembled(
    data: bytes, tbs: der.Element, algorithm: bytes, signature: bytes, place: str
) -> Certificate:
    fields = der.Fields(tbs, f"{place}, tbsCertificate")
    version = _version(fields)
    serial = der.integer(fields.take(der.INTEGER, "serialNumber"))
    inner = fields.take(der.SEQUENCE, "signature").raw
    issuer = _name(fields, "issuer")
    not_before, not_after = _validity(fields)
    subject = _name(fields, "subject")
    spki = _spki(fields)
    for tag in _UNIQUE_IDS:
        fields.take_if(tag)
    found = _extensions(fields)
    fields.end()
    return Certificate(
        data, tbs.raw, version, serial, inner, issuer, not_before, not_after, subject, spki,
        found, algorithm, signature, *_decoded(found, place),
    )  # fmt: skip


def _version(fields: der.Fields) -> int:
    tagged = fields.take_if(_VERSION)
    if tagged is None:
        return 1
    number = der.integer(der.single(tagged.value, der.INTEGER, f"{fields.place}, version")) + 1
    if number not in (1, 2, 3):
        raise InputError(f"{fields.place}, version", f"there is no version {number}")
    return number


def _name(fields: der.Fields, which: str) -> bytes:
    name = fields.take(der.SEQUENCE, which).raw
    names.check(name, f"{fields.place}, {which}")
    return name


def _validity(fields: der.Fields) -> tuple[datetime, datetime]:
    place = f"{fields.place}, validity"
    both = der.elements(fields.take(der.SEQUENCE, "validity").value, place)
    if len(both) != 2:
        raise InputError(place, "it is not two times")
    return der.time(both[0], place), der.time(both[1], place)


def _spki(fields: der.Fields) -> bytes:
    spki = fields.take(der.SEQUENCE, "subjectPublicKeyInfo")
    inside = der.Fields(spki, f"{fields.place}, subjectPublicKeyInfo")
    algorithm = der.elements(inside.take(der.SEQUENCE, "algorithm").value, inside.place)
    if not 1 <= len(algorithm) <= 2:
        raise InputError(inside.place, "its algorithm is not an identifier with parameters")
    der.oid(algorithm[0], inside.place)
    der.bits(inside.take(der.BIT_STRING, "subjectPublicKey"), inside.place)
    inside.end()
    return spki.raw


def _extensions(fields: der.Fields) -> tuple[Extension, ...]:
    tagged = fields.take_if(_EXTENSIONS)
    if tagged is None:
        return ()
    place = f"{fields.place}, extensions"
    return extensions.read(der.single(tagged.value, der.SEQUENCE, place), place)


def _decoded(
    found: tuple[Extension, ...], place: str
) -> tuple[
    frozenset[str] | None,
    BasicConstraints | None,
    frozenset[str] | None,
    bytes | None,
    AuthorityKeyId | None,
]:
    value = {each.oid: each.value for each in reversed(found)}  # the first of duplicates
    usage, basic = value.get(extensions.KEY_USAGE), value.get(extensions.BASIC_CONSTRAINTS)
    purpose = value.get(extensions.EXTENDED_KEY_USAGE)
    subject, authority = (
        value.get(extensions.SUBJECT_KEY_ID),
        value.get(extensions.AUTHORITY_KEY_ID),
    )
    at = f"{place}, extension "
    return (
        None if usage is None else extensions.key_usage(usage, at + "keyUsage"),
        None if basic is None else extensions.basic_constraints(basic, at + "basicConstraints"),
        None if purpose is None else extensions.extended_key_usage(purpose, at + "extKeyUsage"),
        None
        if subject is None
        else extensions.subject_key_id(subject, at + "subjectKeyIdentifier"),
        None
        if authority is None
        else extensions.authority_key_id(authority, at + "authorityKeyIdentifier"),
    )
