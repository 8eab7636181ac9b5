"""A key whose signatures leave unverified, on a token that makes wrong ones: both ways of it."""

import json
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import resources_pb2 as resources
from signetd.client import Client, KeyPolicyItem, SignetdError, SignItem
from tests.integration.attack.scene import Scene
from tests.integration.daemon.running import Running

MESSAGE = b"a document"
LIMIT = 2
WRONG = "C_Sign flip"


@pytest.fixture
def scene(running: Running) -> Iterator[Scene]:
    """A daemon with an auditor, a key `audit`, and the keys `ec` and `rsa`."""
    made = Scene(running, ("auditor",))
    made.start(token=f"quarantine_after = {LIMIT}")
    made.admit("auditor", access.ROLE_AUDITOR)
    made.key("audit", resources.KEY_PURPOSE_AUDIT)
    with running.client() as client:
        client.generate_key("ec", token="t", key_type="EC_P256")
        client.generate_key("rsa", token="t", key_type="RSA_2048")
    yield made
    made.forget()


def is_right(client: Client, key: str) -> bool:
    """Whether a signature that the daemon gives out is valid, as cryptography finds."""
    signature = client.sign(SignItem(key=key, message=MESSAGE)).signature
    public = load_pem_public_key(client.get_public_key(key).pem.encode())
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, MESSAGE, padding.PKCS1v15(), hashes.SHA256())
        else:
            assert isinstance(public, ec.EllipticCurvePublicKey)
            public.verify(signature, MESSAGE, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def refusal(client: Client, key: str) -> str:
    with pytest.raises(SignetdError) as error:
        client.sign(SignItem(key=key, message=MESSAGE))
    return error.value.reason


@pytest.mark.parametrize("key", ["ec", "rsa"])
def test_a_wrong_signature_leaves_only_a_key_that_skips_verification(
    scene: Scene, key: str
) -> None:
    with scene.daemon.client() as client:
        scene.daemon.faults(WRONG)
        assert refusal(client, key) == "SIGNATURE_FAULTY"
        changed = client.set_key_policy(key, KeyPolicyItem(skip_verification=True))
        assert changed.policy.skip_verification
        assert client.get_key(key).policy.skip_verification
        # More in a row than would put a key into quarantine: nobody counts them.
        assert [is_right(client, key) for _ in range(LIMIT + 1)] == [False] * (LIMIT + 1)
        assert client.get_key(key).state == resources.KEY_STATE_ENABLED

        assert not client.set_key_policy(key, KeyPolicyItem()).policy.skip_verification
        assert [refusal(client, key) for _ in range(LIMIT)] == ["SIGNATURE_FAULTY"] * LIMIT
        assert client.get_key(key).state == resources.KEY_STATE_QUARANTINED
        scene.daemon.faults()
        client.enable_key(key)
        assert is_right(client, key)


def test_the_audit_says_what_was_changed(scene: Scene) -> None:
    with scene.daemon.client() as client:
        limited = KeyPolicyItem(per_day=9, skip_verification=True)
        for policy in (limited, KeyPolicyItem(skip_verification=True), KeyPolicyItem()):
            client.set_key_policy("ec", policy)
    records = scene.records(operation="KeyService/SetKeyPolicy", resource="keys/ec")
    told = [json.loads(record.json).get("detail") for record in records]
    assert [text for text in told if text] == [
        "9 per DAY, signatures not verified",
        "signatures not verified",
        "no limits",
    ]


@pytest.mark.parametrize("purpose", ["seal-making", "sealing", "audit"])
def test_keys_that_others_rest_on_are_verified_in_any_case(scene: Scene, purpose: str) -> None:
    with scene.daemon.client() as client:
        client.generate_key("other", token="t", key_type="SM2", purpose=purpose)
        with pytest.raises(SignetdError, match=r"policy\.skip_verification is not for") as error:
            client.set_key_policy("other", KeyPolicyItem(per_day=9, skip_verification=True))
        assert error.value.reason == "KEY_PURPOSE_WRONG"
        assert client.get_key("other").policy == resources.KeyPolicy()
