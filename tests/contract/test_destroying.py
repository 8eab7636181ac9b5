"""A key that was destroyed is gone, for every program; its neighbours stay."""

import pytest

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from tests.contract.conftest import NewId, seeing
from tests.contract.subject import Driver, Subject
from tests.contract.test_signing import SLOW, order_for


def test_a_destroyed_key_is_gone_for_every_program(
    subject: Subject, driver: Driver, new_id: NewId
) -> None:
    key, neighbour = (
        driver.generate(KeyType.EC_P256, label=label, cka_id=new_id())
        for label in ("销毁", "stays")
    )
    assert driver.sign(order_for(key))
    refs = {k.ref for k in subject.backdoor.list_keys()}
    assert {key.ref, neighbour.ref} <= refs, "another process sees what was made"
    driver.destroy(key.ref)
    with pytest.raises(SignetError) as refused:
        driver.sign(order_for(key))
    assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
    assert refs - {k.ref for k in subject.backdoor.list_keys()} == {key.ref}
    assert subject.backdoor.count(key.ref.cka_id) == 0, "one object of the pair is left"
    assert driver.sign(order_for(neighbour))


@pytest.mark.parametrize("key_type", [k for k in KeyType if k not in SLOW])
def test_each_key_type_is_destroyed_whole(
    key_type: KeyType, subject: Subject, driver: Driver, new_id: NewId
) -> None:
    if key_type not in subject.key_types:
        pytest.skip(f"{subject.name} makes no {key_type.value}: test_keys has it refused")
    key = driver.generate(key_type, label="gone", cka_id=new_id())
    driver.destroy(key.ref)
    assert key not in driver.list_keys()
    assert subject.backdoor.count(key.ref.cka_id) == 0


def test_a_key_destroyed_by_another_program_is_missed(
    subject: Subject, driver: Driver, foreign_id: bytes
) -> None:
    subject.backdoor.make(foreign_id, "goes")
    with seeing(subject, driver) as seen:
        key = seen.find_key(cka_id=foreign_id)
        assert seen.sign(order_for(key))
    assert subject.backdoor.destroy(foreign_id) == 2
    with seeing(subject, driver) as later:
        with pytest.raises(SignetError) as refused:
            later.sign(order_for(key))
        assert refused.value.reason is Reason.KEY_NOT_ON_TOKEN
        assert key not in later.list_keys()
