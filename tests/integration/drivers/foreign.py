"""Objects that another program puts on a token or changes there, past signetd."""

import subprocess
import sys
from typing import Any

from signetd.softhsm import ProvisionedToken

_PROGRAM = """
import sys, pkcs11
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters
module, pin_file, label, action, cka_id, name = sys.argv[1:]
cka_id = bytes.fromhex(cka_id)
tokens = [slot.get_token() for slot in pkcs11.lib(module).get_slots(True)]
token = next(token for token in tokens if token.label == label)

def make(session, kind):
    if kind == "rsa":
        return session.generate_keypair(
            KeyType.RSA, 2048, id=cka_id or None, label=name, store=True
        )
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
    return parameters.generate_keypair(id=cka_id or None, label=name, store=True)

with token.open(rw=True, user_pin=open(pin_file).read().strip()) as session:
    verb, _, what = action.partition(" ")
    if verb == "make":
        make(session, what)
    elif verb == "weak":
        attribute, _, value = what.partition("=")
        session.generate_keypair(
            KeyType.RSA, 2048, id=cka_id, label=name, store=True,
            private_template={Attribute[attribute]: value == "1"},
        )
    elif verb == "private-only":
        make(session, what)[0].destroy()
    elif verb == "remove":
        wanted = {"public": ObjectClass.PUBLIC_KEY, "private": ObjectClass.PRIVATE_KEY}
        classes = [wanted[what]] if what else list(wanted.values())
        for each in classes:
            for found in list(session.get_objects({Attribute.CLASS: each, Attribute.LABEL: name})):
                found.destroy()
    elif verb == "certificate":
        session.create_object({
            Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.TOKEN: True,
            Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509, Attribute.ID: cka_id,
            Attribute.LABEL: name, Attribute.SUBJECT: b"0\\x00",
            Attribute.VALUE: bytes.fromhex(what),
        })
    else:
        raise SystemExit(f"no such action: {action}")
"""


def foreign(token: ProvisionedToken, action: str, *, cka_id: bytes = b"", label: str = "") -> None:
    """Do one thing on the token in a process of its own.

    "make ec", "make rsa", "private-only ec", "remove public", "remove private", "remove", each of
    *label* and *cka_id*; "certificate HEX" stores a certificate; "weak EXTRACTABLE=1" makes a pair
    whose private key has one attribute as it must not be.
    """
    arguments = [token.module, token.user_pin_file, token.label, action, cka_id.hex(), label]
    environment: dict[str, Any] = dict(token.environment)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{action} failed: {done.stderr}"
