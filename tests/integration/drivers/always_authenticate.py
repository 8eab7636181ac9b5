"""Makes a key with CKA_ALWAYS_AUTHENTICATE on a test token, in a process of its own."""

import os
import subprocess
import sys

from tests.integration.drivers.faulty import Faulty

_PROGRAM = """
import sys, pkcs11
from pkcs11.constants import Attribute, MechanismFlag
from pkcs11.util.ec import encode_named_curve_parameters
token = pkcs11.lib(sys.argv[1]).get_token(token_label="test")
with token.open(rw=True, user_pin=sys.stdin.read()) as session:
    parameters = session.create_domain_parameters(
        pkcs11.KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")},
        local=True)
    parameters.generate_keypair(
        id=b"1", label="always", store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        private_template={Attribute.ALWAYS_AUTHENTICATE: True, Attribute.SENSITIVE: True,
                          Attribute.EXTRACTABLE: False, Attribute.PRIVATE: True})
"""


def make(faulty: Faulty) -> None:
    """Make it; the PIN goes over standard input."""
    module = faulty.settings.environment["SIGNETD_SM2_MODULE"]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, module],
        input=faulty.pin.reveal(),
        env=os.environ | faulty.settings.environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
