"""The PIN: right, wrong once, and never presented without need."""

from pathlib import Path

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin
from tests.contract.conftest import staged
from tests.contract.faulty import Faulty
from tests.contract.subject import Spot, Subject

WRONG = "5ignetd wrong pin"


def test_a_wrong_pin_is_counted_once_and_the_right_one_opens(
    subject: Subject, tmp_path: Path
) -> None:
    staged(subject, Spot.MODULE)
    staged(subject, Spot.WRONG_PIN)
    faulty = Faulty(subject, tmp_path)
    with pytest.raises(SignetError) as refused, subject.open(faulty.settings, Pin(WRONG)):
        pass
    assert refused.value.reason is Reason.PIN_REFUSED
    assert WRONG not in refused.value.message
    assert faulty.count("C_Login") == 1, "a PIN that was refused was presented again"
    assert len(faulty.refused_logins()) == 1, "the token itself refused it, once"
    with subject.open(faulty.settings, subject.pin) as driver:
        assert isinstance(driver.list_keys(), list)
    assert faulty.count("C_Login") == 2
    assert len(faulty.refused_logins()) == 1


def test_a_wrong_pin_is_refused_where_logins_cannot_be_counted(subject: Subject) -> None:
    if Spot.MODULE not in subject.lacks.unstaged:
        pytest.skip(f"{subject.name}: the test before counts its logins")
    with pytest.raises(SignetError) as refused, subject.open(subject.settings, Pin(WRONG)):
        pass
    assert refused.value.reason is Reason.PIN_REFUSED


def test_the_keys_are_found_again_after_another_login(subject: Subject) -> None:
    with subject.open(subject.settings, subject.pin) as driver:
        before = driver.list_keys()
    with subject.open(subject.settings, subject.pin) as driver:
        assert sorted(k.ref.cka_id for k in driver.list_keys()) == sorted(
            k.ref.cka_id for k in before
        )
