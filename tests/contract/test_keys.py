"""Key pairs made in a token: every type that it offers, protected; the others refused."""

import re

import pytest

from signetd.drivers import verify
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.pkcs11 import profiles, protection
from signetd.drivers.types import KeyType
from tests.contract.conftest import NewId, staged
from tests.contract.subject import Driver, Spot, Subject
from tests.contract.test_signing import SLOW, sign_and_verify


@pytest.mark.parametrize("key_type", KeyType)
def test_each_key_type_is_made_or_refused(
    key_type: KeyType, subject: Subject, driver: Driver, new_id: NewId
) -> None:
    if (elsewhere := subject.same_as.get(key_type)) is not None:
        pytest.skip(f"{subject.name}: {elsewhere}")
    cka_id = new_id()
    if key_type not in subject.key_types:
        with pytest.raises(SignetError) as refused:
            driver.generate(key_type, label="refused", cka_id=cka_id)
        assert refused.value.reason is Reason.ALGORITHM_NOT_ON_TOKEN
        assert key_type.value in refused.value.message
        assert cka_id not in {key.ref.cka_id for key in driver.list_keys()}, (
            "half a key pair is left"
        )
        return
    made = driver.generate(key_type, label=f"签名 {key_type.value}", cka_id=cka_id)
    assert (made.key_type, made.ref.cka_id) == (key_type, cka_id)
    assert made.label == f"签名 {key_type.value}"
    assert made.weaknesses == []
    assert verify.load(made.spki)[0] is key_type
    assert made in driver.list_keys()
    if key_type in SLOW:
        sign_and_verify(made, subject, driver)


def test_a_key_that_was_made_is_protected_and_for_signing_only(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    staged(subject, Spot.RAW_OBJECTS)
    for key_type in (k for k in subject.key_types if not re.match("RSA_[34]|EC_P[35]", k)):
        made = driver.generate(key_type, label="protected", cka_id=new_id())
        found = subject.backdoor.attributes(made.ref.cka_id)
        profile = profiles.of(subject.settings)
        assert protection.weaknesses(found_of(found), profile) == []
        assert found["VALUE"] is None, "the private key can be read"
        assert (found["TOKEN"], found["PRIVATE"], found["SIGN"]) == (True, True, True)
        for usage in ("DECRYPT", "UNWRAP"):
            assert found[usage] is not True or usage in profile.keygen.leave_out_private


def found_of(attributes: dict[str, object]) -> dict[int, object]:
    """The attributes that prove protection, by their numbers; those not told are left out."""
    return {a: attributes[a.name] for a in protection.REQUIRED if attributes[a.name] is not None}


@pytest.mark.parametrize("length", [1, 32])
def test_cka_ids_of(length: int, subject: Subject, driver: Driver, new_id: NewId) -> None:
    made = driver.generate(subject.key_types[0], label="id", cka_id=new_id(length))
    assert len(made.ref.cka_id) == length
    assert driver.find_key(cka_id=made.ref.cka_id) == made


def test_a_taken_cka_id_is_not_used_twice(subject: Subject, driver: Driver, new_id: NewId) -> None:
    cka_id = new_id()
    first = driver.generate(subject.key_types[0], label="first", cka_id=cka_id)
    with pytest.raises(SignetError) as refused:
        driver.generate(subject.key_types[0], label="second", cka_id=cka_id)
    assert refused.value.reason is Reason.KEY_EXISTS
    assert [key for key in driver.list_keys() if key.ref.cka_id == cka_id] == [first]
