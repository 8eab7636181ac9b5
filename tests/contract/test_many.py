"""Fifty keys on one token: all found again after another login, each the one that it was."""

from signetd.drivers.types import KeyType
from tests.contract.conftest import NewId
from tests.contract.subject import Driver, Subject
from tests.contract.test_signing import order_for

COUNT = 50
FEW = 10  # where another token has the same code asked
SIGNING = 8


def test_fifty_keys_are_found_again(subject: Subject, driver: Driver, new_id: NewId) -> None:
    count = FEW if subject.same_as else COUNT
    made = [
        driver.generate(KeyType.EC_P256, label=f"印章 {number}", cka_id=new_id(number % 32 + 1))
        for number in range(15, 15 + count)
    ]
    assert len({key.ref for key in made}) == count
    with subject.open(subject.settings, subject.pin) as again:
        found = again.list_keys()
        for key in made:
            assert key in found
        for key in made[:: max(1, count // SIGNING)]:
            assert again.find_key(cka_id=key.ref.cka_id, label=key.label) == key
            assert again.sign(order_for(key))
