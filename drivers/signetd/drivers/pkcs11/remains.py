"""What is on a token of one key pair: to destroy it, and to prove that nothing is left."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import pkcs11
from pkcs11.constants import Attribute, CertificateType, ObjectClass

from signetd.drivers.pkcs11 import pairing, publickey
from signetd.drivers.types import KeyRef, Traces

_KEY_ATTRIBUTES = [Attribute.ID, *publickey.ATTRIBUTES]
_CERTIFICATE_ATTRIBUTES = [Attribute.ID, Attribute.CERTIFICATE_TYPE, Attribute.VALUE]


@dataclass
class Remains:
    """The objects of a pair, by class: those that are surely its own, and those that may be.

    An object is surely the pair's if it has its CKA_ID and tells its public key. It may be the
    pair's if it has that CKA_ID and tells no public key, or the public key under another CKA_ID: it
    is a trace, and not destroyed. ``others`` have that CKA_ID and tell another public key.
    """

    privates: list[Any] = field(default_factory=list)
    publics: list[Any] = field(default_factory=list)
    certificates: list[Any] = field(default_factory=list)
    doubtful: dict[str, int] = field(default_factory=dict)
    others: int = 0
    looked_at: int = 0

    def traces(self) -> Traces:
        """Count them."""
        return Traces(
            private=len(self.privates) + self.doubtful.get("private", 0),
            public=len(self.publics) + self.doubtful.get("public", 0),
            certificates=len(self.certificates) + self.doubtful.get("certificate", 0),
            others=self.others,
            looked_at=self.looked_at,
        )

    def note(self, key: KeyRef, kind: str, found: "tuple[Any, bytes, bytes | None]") -> None:
        """Sort one object in: the object, its CKA_ID, and the public key that it tells."""
        handle, cka_id, spki = found
        self.looked_at += 1
        lists = {
            "private": self.privates,
            "public": self.publics,
            "certificate": self.certificates,
        }
        if spki is not None and hashlib.sha256(spki).digest() == key.fingerprint:
            if cka_id == key.cka_id:
                lists[kind].append(handle)
            # A certificate of the key under another CKA_ID was put there by somebody else.
            elif kind != "certificate":
                self.doubtful[kind] = self.doubtful.get(kind, 0) + 1
        elif cka_id == key.cka_id:
            if spki is None:
                self.doubtful[kind] = self.doubtful.get(kind, 0) + 1
            else:
                self.others += 1


def look(session: pkcs11.Session, key: KeyRef, sm2_key_type: int | None) -> Remains:
    """Look at every key and certificate that *session* shows. Raises PKCS11Error."""
    remains = Remains()
    for kind, object_class in (
        ("private", ObjectClass.PRIVATE_KEY),
        ("public", ObjectClass.PUBLIC_KEY),
    ):
        for each in list(session.get_objects({Attribute.CLASS: object_class})):
            told = each.get_attributes(_KEY_ATTRIBUTES)
            spki = pairing.told(told, sm2_key_type)
            remains.note(key, kind, (each, told.get(Attribute.ID, b""), spki))
    for each in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        told = each.get_attributes(_CERTIFICATE_ATTRIBUTES)
        if told.get(Attribute.CERTIFICATE_TYPE) == CertificateType.X_509:
            spki = _certified(told.get(Attribute.VALUE, b""))
            remains.note(key, "certificate", (each, told.get(Attribute.ID, b""), spki))
    return remains


def _certified(certificate: bytes) -> bytes | None:
    """Return the public key of a certificate as key pairs have it; None if it cannot be read."""
    # A worker seldom meets one, and shall not start more slowly for it.
    from signetd.pki import keys
    from signetd.pki.certificate import Certificate
    from signetd.pki.errors import InputError

    try:
        found = Certificate.read(certificate).spki
    except InputError:
        return None
    try:
        return keys.plain(found)  # some CAs write the key of a pair otherwise
    except (InputError, keys.KeyProblem):
        return found  # of a kind that is not served: another key's
