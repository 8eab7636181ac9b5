"""Requests for certificates: what is asked for by default, and which keys sign none."""

import hashlib
from typing import Any

import pytest
from cryptography import x509

from signetd.daemon.certificates import CertificateRequests
from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.policy.types import KeyPolicy, KeyPurpose
from signetd.daemon.signing import Encoding, Signed
from signetd.daemon.signing.validate import Checked
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType, Requester
from signetd.pki import csr
from tests.unit.daemon.key_certificates.having import holders, key

ME = Requester(client="me")
PAIR = holders.key("ec", "requests")
WANTED = csr.Wanted(subject="CN=x")


class Engine:
    """Signs with PAIR, as a token would."""

    def __init__(self) -> None:
        self.asked: list[tuple[Checked, bytes]] = []

    async def sign(self, checked: Checked, digest: bytes, requester: Requester) -> Signed:
        assert requester is ME
        self.asked.append((checked, digest))
        return Signed(
            signature=holders.sign(PAIR, checked.data),
            encoding=Encoding.DER,
            algorithm=checked.algorithm,
            key=checked.key,
        )


class Keys:
    """One key."""

    def __init__(self, known: RegisteredKey) -> None:
        self._known = known

    def get(self, key_id: str) -> RegisteredKey:
        return self._known


def requests(**changes: Any) -> tuple[CertificateRequests, Engine]:
    engine = Engine()
    values = {
        "spki": PAIR.spki,
        "key_type": KeyType.EC_P256,
        "default_algorithm": Algorithm.ECDSA_P256_SHA256,
    }
    return CertificateRequests(Keys(key(**(values | changes))), engine), engine


async def refusal(wanted: csr.Wanted, algorithm: Algorithm | None = None, **changes: Any) -> Reason:
    made, engine = requests(**changes)
    with pytest.raises(SignetError) as caught:
        await made.prepare("seal", wanted, algorithm)
    assert not engine.asked
    return caught.value.reason


@pytest.mark.parametrize(
    ("purpose", "both"),
    [
        (KeyPurpose.SIGNING, False),
        (KeyPurpose.SEALING, True),
        (KeyPurpose.SEAL_MAKING, True),
    ],
)
async def test_the_usages_are_those_that_the_purpose_needs(purpose: KeyPurpose, both: bool) -> None:
    made, _ = requests(purpose=purpose)
    der = await made.sign(await made.prepare("seal", WANTED, None), ME)
    request = x509.load_der_x509_csr(der)
    assert request.is_signature_valid
    usage = request.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment is both


async def test_the_caller_may_ask_for_another_usage_for_signatures() -> None:
    made, _ = requests()
    wanted = csr.Wanted(subject="CN=x", key_usages=("nonRepudiation",))
    request = x509.load_der_x509_csr(await made.sign(await made.prepare("seal", wanted, None), ME))
    usage = request.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment) == (False, True)


async def test_what_is_signed_is_named_by_its_digest_before_it_is_signed() -> None:
    made, engine = requests()
    prepared = await made.prepare("seal", WANTED, None)
    assert not engine.asked
    request = x509.load_der_x509_csr(await made.sign(prepared, ME))
    ((_, digest),) = engine.asked
    assert digest == prepared.digest == hashlib.sha256(request.tbs_certrequest_bytes).digest()


async def test_keys_that_sign_no_request() -> None:
    assert await refusal(WANTED, purpose=KeyPurpose.AUDIT) is Reason.KEY_PURPOSE_WRONG
    for state in (KeyState.DISABLED, KeyState.QUARANTINED, KeyState.DESTROYED):
        assert await refusal(WANTED, state=state) is Reason.KEY_STATE_WRONG


async def test_the_algorithm_must_fit_the_key_and_its_policy() -> None:
    assert await refusal(WANTED, Algorithm.SM2_SM3) is Reason.ALGORITHM_UNSUITABLE
    rsa = {
        "spki": holders.key("rsa", "requests").spki,
        "key_type": KeyType.RSA_2048,
        "default_algorithm": Algorithm.RSA_PKCS1_SHA256,
        "policy": KeyPolicy(algorithms=frozenset({Algorithm.RSA_PSS_SHA256})),
    }
    assert await refusal(WANTED, None, **rsa) is Reason.ALGORITHM_UNSUITABLE
    made, _ = requests(**rsa)
    prepared = await made.prepare("seal", WANTED, Algorithm.RSA_PSS_SHA256)
    assert prepared.checked.algorithm is Algorithm.RSA_PSS_SHA256


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": ""}, Reason.INPUT_MISSING),
        ({"subject": "x"}, Reason.INPUT_INVALID),
        ({"alternative_names": ("x",)}, Reason.INPUT_INVALID),
        ({"key_usages": ("signing",)}, Reason.INPUT_INVALID),
        ({"key_usages": ("digitalSignature", "keyCertSign")}, Reason.INPUT_INVALID),
        ({"key_usages": ("keyEncipherment",)}, Reason.INPUT_INVALID),
        ({"extended_key_usages": ("x",)}, Reason.INPUT_INVALID),
    ],
)
async def test_what_cannot_be_asked_for(changes: dict[str, Any], reason: Reason) -> None:
    assert await refusal(csr.Wanted(**({"subject": "CN=x"} | changes))) is reason
