"""Keys that are on the token already: found by CKA_ID and label, or refused with the reason."""

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyInfo, KeyType
from tests.contract.backdoor import Refused
from tests.contract.conftest import NewId, seeing
from tests.contract.subject import Driver, Feature, Subject
from tests.contract.test_signing import order_for


def _refusal(driver: Driver, **named: object) -> SignetError:
    with pytest.raises(SignetError) as refused:
        driver.find_key(**named)  # type: ignore[arg-type]
    return refused.value


def test_a_key_made_by_another_program_is_found_and_signs(
    subject: Subject, driver: Driver, foreign_id: bytes
) -> None:
    subject.backdoor.make(foreign_id, "公章 made elsewhere")
    if Feature.SEES_OTHERS in subject.lacks.features:
        assert _refusal(driver, cka_id=foreign_id).reason is Reason.KEY_NOT_ON_TOKEN
    with seeing(subject, driver) as later:
        key = later.find_key(cka_id=foreign_id, label="公章 made elsewhere")
        assert key == later.find_key(cka_id=foreign_id) == later.find_key(label=key.label)
        assert key.weaknesses == []
        assert later.sign(order_for(key))


def test_an_unknown_key_is_refused(driver: Driver) -> None:
    for named in ({"cka_id": b"no such"}, {"label": "没有"}):
        assert _refusal(driver, **named).reason is Reason.KEY_NOT_ON_TOKEN


def test_a_private_key_without_public_object(
    subject: Subject, driver: Driver, foreign_id: bytes
) -> None:
    subject.backdoor.make(foreign_id, "lone")
    subject.backdoor.drop_public(foreign_id)
    assert subject.backdoor.count(foreign_id) == 1
    with seeing(subject, driver) as later:
        if Feature.LONE_PRIVATE_KEYS in subject.lacks.features:
            refused = _refusal(later, cka_id=foreign_id)
            assert refused.reason is Reason.KEY_NOT_ON_TOKEN
        else:
            assert later.sign(order_for(later.find_key(cka_id=foreign_id)))


def test_an_extractable_key_is_neither_enrolled_nor_used(
    subject: Subject, driver: Driver, foreign_id: bytes
) -> None:
    if Feature.UNPROTECTED_KEYS in subject.lacks.features:
        with pytest.raises(Refused):
            subject.backdoor.make(foreign_id, "weak", extractable=True)
        return
    subject.backdoor.make(foreign_id, "weak", extractable=True)
    refused = _refusal(driver, cka_id=foreign_id)
    assert refused.reason is Reason.KEY_UNPROTECTED
    assert "CKA_EXTRACTABLE is true" in refused.message
    (weak,) = [key for key in driver.list_keys() if key.ref.cka_id == foreign_id]
    with pytest.raises(SignetError) as unused:
        driver.sign(order_for(weak))
    assert unused.value.reason is Reason.KEY_UNPROTECTED


def test_two_keys_of_one_label_are_told_apart_by_their_ids(driver: Driver, new_id: NewId) -> None:
    made = [driver.generate(KeyType.EC_P256, label="same 同", cka_id=new_id()) for _ in range(2)]
    refused = _refusal(driver, label="same 同")
    assert refused.reason is Reason.KEY_AMBIGUOUS
    for key in made:
        assert key.ref.cka_id.hex() in refused.message
        assert driver.find_key(label="same 同", cka_id=key.ref.cka_id) == key


def test_two_keys_of_one_id_are_not_confused(
    subject: Subject, driver: Driver, foreign_id: bytes
) -> None:
    subject.backdoor.make(foreign_id, "one")
    if Feature.SAME_ID in subject.lacks.features:
        _is_replaced(subject, driver, driver.find_key(cka_id=foreign_id))
        return
    subject.backdoor.make(foreign_id, "other")
    # Which public key belongs to which private one cannot be told, so neither is served, or both
    # are, where the private objects show their public keys.
    with seeing(subject, driver) as later:
        refused = _refusal(later, cka_id=foreign_id)
    assert refused.reason in (Reason.KEY_AMBIGUOUS, Reason.KEY_NOT_ON_TOKEN)


def _is_replaced(subject: Subject, driver: Driver, first: KeyInfo) -> None:
    """The token puts a second pair in the place of the first: that one is not mistaken for it."""
    subject.backdoor.make(first.ref.cka_id, "other")
    assert driver.find_key(cka_id=first.ref.cka_id).ref != first.ref
    with pytest.raises(SignetError) as refused:
        driver.sign(order_for(first))
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
