"""Every choice of a mechanism, as a table."""

import hashlib

import pytest

from signetd.drivers.algorithms import digest_bytes
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import plan, profiles
from signetd.drivers.types import Algorithm, Input, KeyRef, SignOrder
from signetd.gm import sm2, vectors

KEY = sm2.Sm2PublicKey.from_spki(vectors.SPKI)
ALL = {plan.CKM_RSA_PKCS, plan.CKM_RSA_PKCS_PSS, plan.CKM_ECDSA, plan.CKM_EDDSA}


def order(algorithm: Algorithm, input: Input, data: bytes, signer_id: bytes = b"") -> SignOrder:
    return SignOrder(
        key=KeyRef(b"", b""), algorithm=algorithm, input=input, data=data, signer_id=signer_id
    )


@pytest.mark.parametrize(
    ("algorithm", "mechanism", "form"),
    [
        (Algorithm.RSA_PKCS1_SHA256, 0x1, "octets"),
        (Algorithm.RSA_PSS_SHA384, 0xD, "octets"),
        (Algorithm.ECDSA_P256_SHA256, 0x1041, "raw"),
        (Algorithm.ECDSA_P521_SHA512, 0x1041, "raw"),
    ],
)
def test_standard_mechanisms(algorithm: Algorithm, mechanism: int, form: str) -> None:
    digest = bytes(digest_bytes(algorithm))
    made = plan.plan(profiles.load("standard"), ALL, order(algorithm, Input.DIGEST, digest), None)
    assert (made.mechanism, made.form) == (mechanism, form)
    assert made.data.endswith(digest)


def test_digest_info_is_that_of_rfc_8017() -> None:
    message = order(Algorithm.RSA_PKCS1_SHA256, Input.MESSAGE, b"abc")
    made = plan.plan(profiles.load("standard"), ALL, message, None)
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    assert made.data == prefix + hashlib.sha256(b"abc").digest()


@pytest.mark.parametrize("name", ["luna", "sansec", "ep11", "tass", "softhsm-sm2"])
def test_e_is_preferred_where_the_token_takes_it(name: str) -> None:
    chosen = profiles.load(name)
    assert chosen.sm2 is not None
    offered = {m.mechanism for m in chosen.sm2.mechanisms}
    message = order(Algorithm.SM2_SM3, Input.MESSAGE, vectors.MESSAGE)
    made = plan.plan(chosen, offered, message, KEY)
    assert made.data == vectors.E
    assert made.mechanism == chosen.sm2.mechanisms[0].mechanism


def test_a_token_that_hashes_without_z_is_given_z_and_the_message() -> None:
    message = order(Algorithm.SM2_SM3, Input.MESSAGE, b"m")
    made = plan.plan(profiles.load("sansec"), {0x80008100}, message, KEY)
    assert made.data == vectors.Z + b"m"


def test_a_token_that_adds_z_is_given_the_message_and_the_id() -> None:
    message = order(Algorithm.SM2_SM3, Input.MESSAGE, b"m", b"me")
    made = plan.plan(profiles.load("ep11"), {0x8005000C}, message, KEY)
    assert (made.data, made.parameter) == (b"m", b"me")


@pytest.mark.parametrize(
    ("name", "offered", "wanted", "reason"),
    [
        ("luna", {0x80000B22}, order(Algorithm.SM2_SM3, Input.DIGEST, bytes(32)), "UNSUITABLE"),
        (
            "luna",
            {0x80000B22},
            order(Algorithm.SM2_SM3, Input.MESSAGE, b"", b"me"),
            "UNSUITABLE",
        ),
        ("standard", ALL, order(Algorithm.SM2_SM3, Input.MESSAGE, b""), "NOT_ON_TOKEN"),
        ("standard", set(), order(Algorithm.ED25519, Input.MESSAGE, b""), "NOT_ON_TOKEN"),
        ("standard", ALL, order(Algorithm.ED25519, Input.DIGEST, b""), "UNSUITABLE"),
    ],
)
def test_refusals(name: str, offered: set[int], wanted: SignOrder, reason: str) -> None:
    with pytest.raises(SignetError) as refused:
        plan.plan(profiles.load(name), offered, wanted, KEY)
    assert refused.value.reason is Reason[f"ALGORITHM_{reason}"]


def test_every_profile_loads_and_says_that_it_was_not_run_on_hardware() -> None:
    for name in profiles.names():
        loaded = profiles.load(name)
        assert loaded.name == name
        assert not loaded.run_on_hardware
        assert loaded.source


def test_an_unknown_profile_is_refused_with_those_there_are() -> None:
    with pytest.raises(SignetError, match=r"luna.*sansec"):
        profiles.load("nonesuch")
