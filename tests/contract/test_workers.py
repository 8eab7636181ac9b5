"""Two workers on one token: a key that one has made, the other finds; or the second is refused."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from signetd.drivers.errors import SignetError
from signetd.drivers.types import KeyType
from tests.contract import verification
from tests.contract.conftest import NewId
from tests.contract.subject import Feature, Subject
from tests.contract.test_signing import order_for

_SIGNATURES = 24


def test_two_workers_share_its_keys(subject: Subject, new_id: NewId) -> None:
    settings = msgspec.structs.replace(subject.settings, workers=2)
    if Feature.SEVERAL_WORKERS in subject.lacks.features:
        refused = pytest.raises(SignetError, match="set workers = 1")
        with refused, subject.open(settings, subject.pin):
            pass
        return
    with subject.open(settings, subject.pin) as driver:
        key = driver.generate(KeyType.EC_P256, label="shared", cka_id=new_id())
        order = order_for(key)
        with ThreadPoolExecutor(6) as threads:
            signatures = list(threads.map(driver.sign, [order] * _SIGNATURES))
        assert len(set(signatures)) == _SIGNATURES, "ECDSA takes a fresh number each time"
        assert verification.accepts(key.spki, order, signatures[-1])
