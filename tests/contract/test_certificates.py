"""Certificates beside key pairs: for every program to find, and gone when their pair is."""

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from tests.contract.conftest import NewId
from tests.contract.subject import Driver, Feature, Subject
from tests.contract.test_signing import SLOW, order_for
from tests.integration.drivers.test_certificates import issued


def _keeps(subject: Subject) -> bool:
    return Feature.CERTIFICATES not in subject.lacks.features


@pytest.mark.parametrize("key_type", [k for k in KeyType if k not in SLOW])
def test_a_certificate_stands_beside_its_key_pair_until_another_comes(
    key_type: KeyType, subject: Subject, driver: Driver, new_id: NewId
) -> None:
    if key_type not in subject.key_types or not _keeps(subject):
        pytest.skip(f"{subject.name} lacks it: that is tested to be refused")
    key = driver.generate(key_type, label="印章", cka_id=new_id())
    assert driver.read_certificate(key.ref) == b""
    first, second = issued(key, "the holder"), issued(key, "the holder")
    for der in (first, second, second, issued(key, "its new name")):
        driver.store_certificate(key.ref, der, "印章")
        assert driver.read_certificate(key.ref) == der
        assert subject.backdoor.certificates(key.ref.cka_id) == [der]
    assert key in driver.list_keys()
    driver.destroy(key.ref)
    assert subject.backdoor.certificates(key.ref.cka_id) == [], "its certificate is left"


def test_a_pair_is_never_given_the_certificate_of_another(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    key, other = (driver.generate(subject.key_types[0], label=x, cka_id=new_id()) for x in "ab")
    for der in (issued(other), b"\x30\x00", b""):
        with pytest.raises(SignetError) as refused:
            driver.store_certificate(key.ref, der, "a")
        assert refused.value.reason is Reason.CERTIFICATE_UNSUITABLE
    assert subject.backdoor.certificates(key.ref.cka_id) == []


def test_certificates_of_a_pair_that_is_not_there_are_refused(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    key = driver.generate(subject.key_types[0], label="gone", cka_id=new_id())
    driver.destroy(key.ref)
    with pytest.raises(SignetError) as refused:
        driver.store_certificate(key.ref, issued(key), "gone")
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
    with pytest.raises(SignetError) as refused:
        driver.read_certificate(key.ref)
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN


def test_a_token_that_keeps_none_says_so_and_signs_on(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    if _keeps(subject):
        pytest.skip(f"{subject.name} keeps certificates")
    key = driver.generate(KeyType.EC_P256, label="none", cka_id=new_id())
    with pytest.raises(SignetError):
        driver.store_certificate(key.ref, issued(key), "none")
    assert driver.read_certificate(key.ref) == b""
    assert driver.sign(order_for(key))
