"""A token is opened by its label, by its serial, by both; and never another one."""

from typing import Any

import msgspec
import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin
from tests.contract.conftest import staged
from tests.contract.subject import Feature, Spot, Subject


@pytest.mark.parametrize("by", ["label", "serial", "both"])
def test_it_is_found_by(by: str, subject: Subject) -> None:
    settings = subject.settings
    info = subject.backdoor.find(settings)
    changes: dict[str, Any] = {
        "label": {"label": info.label, "serial": ""},
        "serial": {"label": "", "serial": info.serial},
        "both": {"label": info.label, "serial": info.serial},
    }[by]
    if by == "serial" and Feature.OWN_SERIAL in subject.lacks.features:
        with pytest.raises(
            SignetError, match=f'name one by its label too: .*"{info.label}"'
        ) as refused:
            subject.backdoor.find(msgspec.structs.replace(settings, **changes))
        assert refused.value.reason is Reason.TOKEN_AMBIGUOUS
        return
    assert subject.backdoor.find(msgspec.structs.replace(settings, **changes)) == info
    assert info.serial == settings.serial
    assert settings.label in ("", info.label)


@pytest.mark.parametrize(
    "changes",
    [
        {"label": "another 别的", "serial": ""},
        {"label": "", "serial": "no such serial"},
        {"serial": "no such serial"},
    ],
    ids=["label", "serial", "its label with another serial"],
)
def test_another_one_is_not_there(changes: dict[str, str], subject: Subject) -> None:
    other = msgspec.structs.replace(subject.settings, **changes)
    with pytest.raises(SignetError) as refused:
        subject.backdoor.find(other)
    assert refused.value.reason is Reason.TOKEN_ABSENT


def test_a_pool_says_that_it_is_not_there(subject: Subject) -> None:
    other = msgspec.structs.replace(subject.settings, serial="no such serial")
    with pytest.raises(SignetError) as refused, subject.open(other, Pin("is not presented")):
        pass
    assert refused.value.reason is Reason.TOKEN_ABSENT
    assert refused.value.retryable


def test_two_of_one_label_are_refused_with_their_serials(fresh: Subject) -> None:
    staged(fresh, Spot.TWIN)
    assert fresh.twin is not None, "say in unstaged why there is no twin"
    serials = fresh.twin()
    by_label = msgspec.structs.replace(fresh.settings, serial="")
    with pytest.raises(SignetError) as refused:
        fresh.backdoor.find(by_label)
    assert refused.value.reason is Reason.TOKEN_AMBIGUOUS
    for serial in serials:
        assert serial in refused.value.message
    assert fresh.backdoor.find(fresh.settings).serial == fresh.settings.serial
