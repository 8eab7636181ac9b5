"""Looks at the certificates on a token, and changes them, as another program would.

``python certificate_objects.py MODULE LABEL PIN_FILE [ID_HEX DER_FILE]``: with the last two an
object is added first, under a label that is not ours. Prints each object as a line of JSON.
"""

import json
import sys
from pathlib import Path

import pkcs11
from asn1crypto import x509  # type: ignore[import-untyped]
from pkcs11.constants import Attribute, CertificateType, ObjectClass

SHOWN = (
    Attribute.ID,
    Attribute.LABEL,
    Attribute.VALUE,
    Attribute.SUBJECT,
    Attribute.ISSUER,
    Attribute.SERIAL_NUMBER,
)


def add(session: pkcs11.Session, cka_id: bytes, der: bytes) -> None:
    session.create_object(
        {
            Attribute.CLASS: ObjectClass.CERTIFICATE,
            Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.TOKEN: True,
            Attribute.PRIVATE: False,
            Attribute.ID: cka_id,
            Attribute.LABEL: "somebody else's",
            Attribute.SUBJECT: x509.Certificate.load(der).subject.dump(),
            Attribute.VALUE: der,
        }
    )


def main() -> None:
    module, label, pin_file, *more = sys.argv[1:]
    token = pkcs11.lib(module).get_token(token_label=label)
    if more:
        with token.open(rw=True, user_pin=Path(pin_file).read_text()) as session:
            add(session, bytes.fromhex(more[0]), Path(more[1]).read_bytes())
    with token.open() as session:  # without a login: they are for everybody to read
        for found in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
            values = found.get_attributes(list(SHOWN))
            print(json.dumps({each.name: _text(values[each]) for each in SHOWN}))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()


main()
