"""Signatures by every algorithm that a token offers, verified by programs that are not ours."""

import secrets

import pytest

from signetd.drivers.algorithms import ALGORITHMS_OF, INTEGER_BYTES, RSA_BITS
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, Input, KeyInfo, KeyRef, KeyType, SignOrder
from signetd.gm import encoding
from tests.contract import verification
from tests.contract.conftest import NewId
from tests.contract.subject import Driver, Subject

MESSAGE = "关于用印的通知".encode()
SLOW = (KeyType.RSA_3072, KeyType.RSA_4096)  # to make: test_keys has them sign


@pytest.mark.parametrize("key_type", [k for k in KeyType if k not in SLOW])
def test_what_it_signs_is_valid(
    key_type: KeyType, subject: Subject, driver: Driver, new_id: NewId
) -> None:
    if key_type not in subject.key_types:
        pytest.skip(f"{subject.name} makes no {key_type.value}: test_keys has it refused")
    sign_and_verify(driver.generate(key_type, label="signs", cka_id=new_id()), subject, driver)


def sign_and_verify(key: KeyInfo, subject: Subject, driver: Driver) -> None:
    """Sign with all the algorithms of a key, and have each signature verified."""
    for algorithm in ALGORITHMS_OF[key.key_type]:
        for order in _orders(key, algorithm):
            if algorithm in subject.lacks.algorithms:
                _is_refused(driver, order, Reason.ALGORITHM_NOT_ON_TOKEN)
            elif algorithm is Algorithm.ED25519 and order.input is Input.DIGEST:
                _is_refused(driver, order, Reason.ALGORITHM_UNSUITABLE)
            else:
                _is_valid(key, order, driver.sign(order))


def _orders(key: KeyInfo, algorithm: Algorithm) -> list[SignOrder]:
    if algorithm is Algorithm.ED25519:
        digest = bytes(32)
    else:
        digest = verification.digest(algorithm, MESSAGE, key.spki)
    made = [
        SignOrder(key=key.ref, algorithm=algorithm, input=Input.MESSAGE, data=MESSAGE),
        SignOrder(key=key.ref, algorithm=algorithm, input=Input.DIGEST, data=digest),
    ]
    if algorithm is Algorithm.SM2_SM3:
        made.append(
            SignOrder(
                key=key.ref,
                algorithm=algorithm,
                input=Input.MESSAGE,
                data=MESSAGE,
                signer_id=b"alice@example.cn",
            )
        )
    return made


def _is_valid(key: KeyInfo, order: SignOrder, signature: bytes) -> None:
    assert verification.accepts(key.spki, order, signature), order
    broken = signature[:-1] + bytes([signature[-1] ^ 1])
    assert not verification.accepts(key.spki, order, broken), "the oracle accepts anything"
    if (size := INTEGER_BYTES.get(order.algorithm)) is not None:
        assert len(signature) == 2 * size, "r‖s is as long as the curve says"
        der = encoding.raw_to_der(signature)
        assert der == verification.der(signature), "DER is not canonical"
    elif key.key_type in RSA_BITS:
        assert len(signature) == RSA_BITS[key.key_type] // 8


def _is_refused(driver: Driver, order: SignOrder, reason: Reason) -> None:
    with pytest.raises(SignetError) as refused:
        driver.sign(order)
    assert refused.value.reason is reason
    assert len(refused.value.message) > 20


def test_what_it_says_it_offers_is_what_it_does(subject: Subject, driver: Driver) -> None:
    made_elsewhere = subject.same_as.keys()
    for key_type in KeyType:
        for algorithm in ALGORITHMS_OF[key_type]:
            offered = algorithm in driver.info.inputs
            can = algorithm not in subject.lacks.algorithms
            is_asked = key_type in subject.key_types or key_type in made_elsewhere
            assert offered == can or not is_asked, f"{algorithm.value}: offered is {offered}"


def test_signatures_of_short_integers_keep_their_length(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    """One r‖s in 128 has a leading zero byte: some devices leave it out."""
    key_type = KeyType.SM2 if KeyType.SM2 in subject.key_types else KeyType.EC_P256
    key = driver.generate(key_type, label="many", cka_id=new_id())
    algorithm = ALGORITHMS_OF[key_type][0]
    for _ in range(100):
        order = SignOrder(
            key=key.ref, algorithm=algorithm, input=Input.DIGEST, data=secrets.token_bytes(32)
        )
        assert len(driver.sign(order)) == 64


def test_an_algorithm_for_another_key_is_refused(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    key = driver.generate(KeyType.EC_P256, label="P-256", cka_id=new_id())
    for algorithm, length in ((Algorithm.SM2_SM3, 32), (Algorithm.RSA_PKCS1_SHA256, 32)):
        order = SignOrder(key=key.ref, algorithm=algorithm, input=Input.DIGEST, data=bytes(length))
        _is_refused(driver, order, Reason.ALGORITHM_UNSUITABLE)


@pytest.mark.parametrize("what", ["id", "public key"])
def test_a_key_that_it_does_not_hold_is_refused(
    what: str, subject: Subject, driver: Driver, new_id: NewId
) -> None:
    key = driver.generate(KeyType.EC_P256, label="there", cka_id=new_id())
    unknown = {
        "id": KeyRef(b"no such id", key.ref.fingerprint),
        "public key": KeyRef(key.ref.cka_id, bytes(32)),
    }[what]
    order = SignOrder(
        key=unknown, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.DIGEST, data=bytes(32)
    )
    _is_refused(driver, order, Reason.KEY_NOT_ON_TOKEN)
    with pytest.raises(SignetError) as refused:
        driver.destroy(unknown)
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
    assert driver.sign(order_for(key)), "its own key still signs"


def order_for(key: KeyInfo) -> SignOrder:
    """An order that a key on P-256 can carry out."""
    return SignOrder(
        key=key.ref, algorithm=Algorithm.ECDSA_P256_SHA256, input=Input.DIGEST, data=bytes(32)
    )
