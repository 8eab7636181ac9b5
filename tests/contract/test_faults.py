"""A token that is full, breaks, or goes away: a clear error, and nothing left half-done."""

import time
from pathlib import Path

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from tests.contract.conftest import NewId, staged
from tests.contract.faulty import Faulty
from tests.contract.subject import Driver, Feature, Spot, Subject
from tests.contract.test_signing import order_for

_SECONDS = 20.0
_GONE = (Reason.TOKEN_ABSENT, Reason.TOKEN_RECOVERING)


@pytest.mark.parametrize("ckr", ["CKR_DEVICE_MEMORY", "CKR_DEVICE_ERROR"])
def test_a_key_that_cannot_be_made_leaves_nothing(
    ckr: str, subject: Subject, new_id: NewId, tmp_path: Path
) -> None:
    staged(subject, Spot.MODULE)
    faulty = Faulty(subject, tmp_path)
    cka_id = new_id()
    with subject.open(faulty.settings, subject.pin) as driver:
        faulty.faults(f"C_GenerateKeyPair error {_NUMBERS[ckr]}")
        with pytest.raises(SignetError) as refused:
            driver.generate(KeyType.EC_P256, label="none", cka_id=cka_id)
        assert refused.value.ckr == ckr
        assert refused.value.reason is Reason.TOKEN_FAILED
        if ckr == "CKR_DEVICE_MEMORY":
            assert "is full" in refused.value.message
        faulty.faults()
        _eventually(driver, Reason.TOKEN_RECOVERING)
        assert subject.backdoor.count(cka_id) == 0
        made = driver.generate(KeyType.EC_P256, label="again", cka_id=cka_id)
        assert driver.sign(order_for(made))


_NUMBERS = {"CKR_DEVICE_MEMORY": "0x31", "CKR_DEVICE_ERROR": "0x30"}


def _eventually(driver: Driver, *passing: Reason) -> None:
    """Wait until the driver serves again; only *passing* may come before."""
    end = time.monotonic() + _SECONDS
    while True:
        try:
            driver.list_keys()
        except SignetError as error:
            assert error.reason in passing, error
            assert time.monotonic() < end, "the token did not come back"
            time.sleep(0.05)
        else:
            return


def test_a_pair_of_which_the_token_says_that_it_failed_is_not_left(
    subject: Subject, new_id: NewId, tmp_path: Path
) -> None:
    staged(subject, Spot.MODULE)
    faulty = Faulty(subject, tmp_path)
    cka_id = new_id()
    with subject.open(faulty.settings, subject.pin) as driver:
        faulty.faults("C_GenerateKeyPair error-after 0x31")
        with pytest.raises(SignetError) as refused:
            driver.generate(KeyType.EC_P256, label="half", cka_id=cka_id)
        assert refused.value.ckr == "CKR_DEVICE_MEMORY"
        faulty.faults()
    assert subject.backdoor.count(cka_id) == 0, "a key that nobody knows of is left"


def test_a_token_that_is_away_for_a_while_comes_back(
    subject: Subject, new_id: NewId, tmp_path: Path
) -> None:
    staged(subject, Spot.MODULE)
    faulty = Faulty(subject, tmp_path)
    with subject.open(faulty.settings, subject.pin) as driver:
        key = driver.generate(KeyType.EC_P256, label="away", cka_id=new_id())
        faulty.faults("* hide")
        with pytest.raises(SignetError) as refused:
            driver.sign(order_for(key))
        assert refused.value.reason in _GONE
        assert refused.value.retryable
        faulty.faults()
        _eventually(driver, *_GONE)
        assert driver.sign(order_for(key))


def test_a_token_that_is_taken_away_for_good_is_missed(fresh: Subject) -> None:
    staged(fresh, Spot.REMOVAL)
    assert fresh.remove is not None, "say in unstaged why it cannot be removed"
    with fresh.open(fresh.settings, fresh.pin) as driver:
        key = driver.generate(KeyType.EC_P256, label="gone", cka_id=b"gone")
        assert driver.sign(order_for(key))
        fresh.remove()
        # The first one may have what the token answered last; then it is known to be gone.
        gone = set(_GONE)
        if Feature.CLEAR_LOGIN_ERRORS in fresh.lacks.features:
            gone.add(Reason.TOKEN_LOCKED)
        for reasons in (gone | {Reason.TOKEN_FAILED}, gone, gone):
            with pytest.raises(SignetError) as refused:
                driver.sign(order_for(key))
            assert refused.value.reason in reasons, refused.value
