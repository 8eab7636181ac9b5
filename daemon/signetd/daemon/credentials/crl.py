"""Certificate revocation lists (RFC 5280): read, verified, and asked.

A list counts only if it is complete: delta lists, indirect ones, and ones that are limited to some
certificates or reasons are refused, with every critical extension that is not known.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from signetd.daemon.credentials.authorities import Authorities, Authority

_BEGIN: Final = b"-----BEGIN "
_PEM: Final = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_UNSIGNED: Final = "its signature is wrong, or the CA's certificate does not allow cRLSign"
_LIMITING: Final = {
    ExtensionOID.DELTA_CRL_INDICATOR: "is a delta list",
    ExtensionOID.ISSUING_DISTRIBUTION_POINT: "is indirect, or limited to some certificates",
}
_UNDERSTOOD: Final = (
    x509.CRLNumber,
    x509.AuthorityKeyIdentifier,
    x509.CRLReason,
    x509.InvalidityDate,
)
_REMOVAL: Final = x509.CRLReason(x509.ReasonFlags.remove_from_crl)
_COMPLETE: Final = "; only complete lists count: have the CA publish one."
_MALFORMED: Final = (
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class CrlError(Exception):
    """A list cannot be used; the message is the rest of a sentence that begins with its file."""


class RevocationList(msgspec.Struct, frozen=True):
    """The serial numbers that a CA has revoked, as of *this_update*, and how long that counts."""

    issuer: Authority
    this_update: datetime
    next_update: datetime
    revoked: frozenset[int]


Lists = Mapping[Authority, RevocationList]


def read_lists(content: bytes, authorities: Authorities) -> Lists:
    """Read lists of CAs out of a file: several in PEM, or one in DER.

    Raises CrlError when any of them is not, as a whole, what one of the CAs has signed.
    """
    lists: dict[Authority, RevocationList] = {}
    for crl in _parsed(content):
        found = _read(crl, authorities)
        if found.issuer in lists:
            raise CrlError(f"has two lists of {found.issuer.name}; leave the newest one only.")
        lists[found.issuer] = found
    return lists


def _parsed(content: bytes) -> list[x509.CertificateRevocationList]:
    try:
        if _BEGIN not in content:
            return [x509.load_der_x509_crl(content)]
        blocks = _PEM.findall(content)
        if len(blocks) != content.count(_BEGIN):  # cut off, or a certificate among them
            raise ValueError
        return [x509.load_pem_x509_crl(block) for block in blocks]
    except _MALFORMED:
        raise CrlError(
            "is not a revocation list in DER, or lists in PEM (BEGIN X509 CRL) and nothing else."
        ) from None


def _read(crl: x509.CertificateRevocationList, authorities: Authorities) -> RevocationList:
    name = crl.issuer.rfc4514_string()
    named = authorities.named(crl.issuer)
    issuer = next((each for each in named if _has_signed(each, crl)), None)
    why = _UNSIGNED if named else "none there has this name"
    if issuer is None:
        raise CrlError(f"has a list of {name}, which is not of a CA in client_ca: {why}.")
    try:
        _refuse_limits(crl.extensions, f"has a list of {name} that ")
        revoked = frozenset(_serials(crl, name))
        this_update, next_update = crl.last_update_utc, crl.next_update_utc
    except _MALFORMED:
        raise CrlError(f"has a malformed list of {name}.") from None
    if next_update is None:
        raise CrlError(f"has a list of {name} that does not say until when it counts.")
    return RevocationList(issuer, this_update, next_update, revoked)


def _has_signed(authority: Authority, crl: x509.CertificateRevocationList) -> bool:
    certificate = authority.certificates[0]
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        if not usage.crl_sign:
            return False
    except x509.ExtensionNotFound:
        pass  # It is not restricted then (RFC 5280, 6.3.3 f).
    try:
        return crl.is_signature_valid(certificate.public_key())  # type: ignore[arg-type]
    except (UnsupportedAlgorithm, ValueError, TypeError):
        return False


def _serials(crl: x509.CertificateRevocationList, name: str) -> Iterable[int]:
    for entry in crl:
        if len(entry.extensions):
            _refuse_limits(entry.extensions, f"has a list of {name} with an entry that ")
            _refuse_removal(entry.extensions, name)
        yield entry.serial_number


def _refuse_removal(extensions: x509.Extensions, name: str) -> None:
    if any(extension.value == _REMOVAL for extension in extensions):
        raise CrlError(f"has a list of {name} that takes back a revocation{_COMPLETE}")


def _refuse_limits(extensions: x509.Extensions, whose: str) -> None:
    for extension in extensions:
        limit = _LIMITING.get(extension.oid)
        if limit is not None:
            raise CrlError(f"{whose}{limit}{_COMPLETE}")
        if extension.oid == CRLEntryExtensionOID.CERTIFICATE_ISSUER:
            raise CrlError(f"{whose}is of another CA{_COMPLETE}")
        if extension.critical and not isinstance(extension.value, _UNDERSTOOD):
            oid = extension.oid.dotted_string
            raise CrlError(f"{whose}has the critical extension {oid}, which is not known here.")
