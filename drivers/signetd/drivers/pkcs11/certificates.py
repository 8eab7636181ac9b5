"""Certificates beside key pairs on a token (CKO_CERTIFICATE, PKCS #11 v2.40, 4.6).

One belongs to a pair if it has its CKA_ID, and its public key: CKA_ID alone is not unique.

A worker seldom meets one, so `signetd.pki`, a fifth of what a worker would load, is loaded then.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pkcs11
from pkcs11 import exceptions as p11
from pkcs11.constants import Attribute, CertificateType, ObjectClass

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11.ckr import TokenFault, translated
from signetd.drivers.pkcs11.inventory import Entry
from signetd.drivers.types import Remedy

if TYPE_CHECKING:
    from signetd.pki import Certificate

_MOST: Final = 64  # objects under one CKA_ID that are looked at
_MAX_LABEL_CHARS: Final = 32  # that also small cards take


@dataclass(frozen=True)
class _Stored:
    object: Any  # python-pkcs11 makes the class of an object at run time
    der: bytes


def read(session: pkcs11.Session, entry: Entry) -> bytes:
    """Return the certificate of a key pair in DER, b"" if there is none. Raises TokenFault."""
    with translated("reading the certificate"):
        found = _stored(session, entry)
    return found[0].der if found else b""


def store(session: pkcs11.Session, entry: Entry, der: bytes, label: str) -> None:
    """Put a certificate beside its key pair, in place of those that are there; read it back.

    Raises SignetError: CERTIFICATE_UNSUITABLE for another key's, and what the token answers, such
    as CKR_DEVICE_MEMORY when it is full. What was there is lost only where there was no room for
    both.
    """
    certificate = _checked(entry, der)
    with translated("reading the certificates that are there"):
        former = _stored(session, entry)
    if any(each.der == der for each in former):
        kept = next(each for each in former if each.der == der)
        _remove(session, [each for each in former if each is not kept])
        return
    try:
        made = _create(session, entry, certificate, label)
    except TokenFault as error:
        if error.ckr == "CKR_ATTRIBUTE_VALUE_INVALID":
            # NSS has no two certificates of different subjects under one label.
            apart = f"{label[: _MAX_LABEL_CHARS - 9]} {certificate.fingerprint[:8]}"
            made = _create(session, entry, certificate, apart)
        elif error.ckr == "CKR_DEVICE_MEMORY" and former:
            _remove(session, former)
            former = []
            made = _create(session, entry, certificate, label)
        else:
            raise
    _check_readable(made, der)
    _remove(session, former)


def _checked(entry: Entry, der: bytes) -> "Certificate":
    from signetd.pki import Certificate, InputError, keys

    try:
        certificate = Certificate.read(der)
    except InputError as error:
        raise SignetError(Reason.CERTIFICATE_UNSUITABLE, str(error)) from None
    if not keys.same(certificate.spki, entry.info.spki):
        raise SignetError(Reason.CERTIFICATE_UNSUITABLE, "the certificate is of another key")
    return certificate


def _stored(session: pkcs11.Session, entry: Entry) -> list[_Stored]:
    """Return the certificates of the pair; those that cannot be read are somebody else's."""
    from signetd.pki import Certificate, InputError, keys

    template = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: entry.info.ref.cka_id}
    found = []
    for each in list(session.get_objects(template))[:_MOST]:
        der = each.get_attributes([Attribute.VALUE]).get(Attribute.VALUE, b"")
        with suppress(InputError):
            if keys.same(Certificate.read(der).spki, entry.info.spki):
                found.append(_Stored(each, der))
    return found


def _create(session: pkcs11.Session, entry: Entry, certificate: "Certificate", label: str) -> Any:
    serial = certificate.serial
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, signed=True)
    template = {
        Attribute.CLASS: ObjectClass.CERTIFICATE,
        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: False,
        Attribute.ID: entry.info.ref.cka_id,
        Attribute.LABEL: label[:_MAX_LABEL_CHARS],
        Attribute.SUBJECT: certificate.subject,
        Attribute.ISSUER: certificate.issuer,
        Attribute.SERIAL_NUMBER: bytes([2, len(octets)]) + octets,
        Attribute.VALUE: certificate.der,
    }
    with translated("storing the certificate"):
        return session.create_object(template)


def _check_readable(made: Any, der: bytes) -> None:
    with translated("reading the certificate back"):
        if made.get_attributes([Attribute.VALUE]).get(Attribute.VALUE) == der:
            return
    with suppress(p11.PKCS11Error):  # it is of no use; that it is there does no harm
        made.destroy()
    text = "the token gives the certificate back otherwise than it was stored"
    raise TokenFault(Reason.TOKEN_FAILED, text, ckr="", remedy=Remedy.NONE)


def _remove(session: pkcs11.Session, stored: list[_Stored]) -> None:
    with translated("removing a former certificate"):
        for each in stored:
            each.object.destroy()
