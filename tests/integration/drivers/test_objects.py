"""Many key pairs on a token: their objects share classes, and do what they did before."""

import os
import subprocess
import sys

import pytest

from signetd.softhsm import ProvisionedToken

# In a process of its own, as a worker: a module is loaded in no other.
_PROGRAM = """
import sys
import pkcs11
from pkcs11.constants import Attribute, ObjectClass
from signetd.drivers.pkcs11 import objects, vendor

module, pin_file = sys.argv[1:]
token = pkcs11.lib(module).get_token(token_label="test")
with token.open(
    rw=True, user_pin=open(pin_file).read(), attribute_mapper=vendor.TolerantMapper()
) as session:
    curve = session.create_domain_parameters(
        pkcs11.KeyType.EC,
        {Attribute.EC_PARAMS: bytes.fromhex("06082a8648ce3d030107")},
        local=True,
    )
    for number in range(5):
        curve.generate_keypair(store=True, id=bytes([number]), label=f"k{number}")
    session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, id=b"rsa", label="rsa")
    privates = objects.find(session, {Attribute.CLASS: ObjectClass.PRIVATE_KEY})
    publics = objects.find(session, {Attribute.CLASS: ObjectClass.PUBLIC_KEY})
    assert len(privates) == len(publics) == 6
    for kind, found in (("PrivateKey", privates), ("PublicKey", publics)):
        assert {type(each).__name__ for each in found} == {kind}
        # Fewer than objects: EC keys that can do the same are of one class.
        assert len({type(each) for each in found}) <= 2, {type(each) for each in found}
    assert len({each.handle for each in privates}) == 6, "each is the object that it was"
    by_id = {each[Attribute.ID]: each for each in publics}
    for private in privates:
        if private[Attribute.ID] == b"rsa":
            mechanism, data = pkcs11.Mechanism.SHA256_RSA_PKCS, b"a document"
        else:
            mechanism, data = pkcs11.Mechanism.ECDSA, bytes(range(32))
        signature = private.sign(data, mechanism=mechanism)
        for key_id, public in by_id.items():
            if public.key_type == private.key_type:
                right = public.verify(data, signature, mechanism=mechanism)
                assert right is (key_id == private[Attribute.ID])
    assert not any(hasattr(each, "sign") for each in publics)
    privates[0].destroy()
    assert len(objects.find(session, {Attribute.CLASS: ObjectClass.PRIVATE_KEY})) == 5
"""


@pytest.mark.parametrize("module", ["sm2", "softhsm"])
def test_objects_that_can_do_the_same_share_a_class(token: ProvisionedToken, module: str) -> None:
    path = token.module if module == "sm2" else token.environment["SIGNETD_SM2_MODULE"]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(path), str(token.user_pin_file)],
        env=os.environ | token.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
