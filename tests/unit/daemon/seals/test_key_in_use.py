"""A key is not destroyed under the seals that are stamped with it."""

import pytest

from signetd.daemon.state import seal_keys
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.seals.office import Office, refusal


async def test_seals_in_use_or_suspended_hold_their_key(
    every: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = every.database.seals
    await every.made("one")
    store.check_unused("sealing")
    await every.file("one")
    await every.in_use("two")
    with pytest.raises(SignetError, match="2 seals in use or suspended: seals/one, seals/two"):
        store.check_unused("sealing")
    error = await refusal(every.recorder.begin("keys/sealing", store.unused("sealing")))
    assert (error.reason, error.metadata) == (Reason.KEY_STATE_WRONG, {"seals": "2"})
    assert not every.records(result="BEGUN"), "the destruction must not have begun"
    monkeypatch.setattr(seal_keys, "_SHOWN", 1)
    with pytest.raises(SignetError, match="seals/one and 1 more"):
        store.check_unused("sealing")
    await every.act("Suspend", "one")
    await every.act("Cancel", "two")
    with pytest.raises(SignetError, match="1 seal in use or suspended: seals/one"):
        store.check_unused("sealing")
    await every.act("Cancel", "one")
    await every.recorder.begin("keys/sealing", store.unused("sealing"))
    assert len(every.records(result="BEGUN")) == 1


async def test_other_keys_are_free(every: Office) -> None:
    await every.in_use()
    for key in ("sealing-2", "maker", "hidden", "unknown"):
        every.database.seals.check_unused(key)
