"""The certificates that a token shows, and whether a private key of it goes with each."""

from typing import Any, Final

from pkcs11.constants import Attribute, CertificateType, ObjectClass

from signetd.pki import Certificate, InputError, names

_MOST: Final = 64
_WANTED: Final = (Attribute.CERTIFICATE_TYPE, Attribute.ID, Attribute.LABEL, Attribute.VALUE)


def shown(session: Any) -> list[dict[str, Any]]:
    """Describe a token's X.509 certificates, at most 64. Raises PKCS11Error.

    ``has_private_key``: the session shows a private key with the certificate's CKA_ID.
    """
    template = {Attribute.TOKEN: True}
    found = list(session.get_objects({**template, Attribute.CLASS: ObjectClass.CERTIFICATE}))
    keys = list(session.get_objects({**template, Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
    privates = {each.get_attributes([Attribute.ID]).get(Attribute.ID, b"") for each in keys}
    rows = []
    for each in found[:_MOST]:
        values = each.get_attributes(list(_WANTED))
        if values.get(Attribute.CERTIFICATE_TYPE) == CertificateType.X_509:
            rows.append(_row(values, privates))
    return rows


def _row(values: dict[Any, Any], privates: set[bytes]) -> dict[str, Any]:
    cka_id = values.get(Attribute.ID, b"")
    row = {
        "cka_id": cka_id.hex(),
        "label": values.get(Attribute.LABEL, ""),
        "has_private_key": bool(cka_id) and cka_id in privates,
    }
    try:
        certificate = Certificate.read(values.get(Attribute.VALUE, b""))
    except InputError as error:
        return row | {"problem": str(error)}
    return row | {
        "subject": certificate.name,
        "issuer": names.text(certificate.issuer),
        "not_after": certificate.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fingerprint": certificate.fingerprint,
    }
