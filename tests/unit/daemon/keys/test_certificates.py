"""Certificates of a key: kept for the pair they were checked for, whatever happens meanwhile."""

import pytest

from signetd.daemon.keys import KeyManager
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType
from tests.unit.daemon.keys.conftest import MemoryStore

CHAIN = (b"own", b"ca")


async def test_they_are_written_to_the_store_and_replaced(
    manager: KeyManager, store: MemoryStore
) -> None:
    key = await manager.generate("seal", "hsm1", KeyType.SM2, None)
    changed = await manager.set_certificates("seal", CHAIN, key.spki)
    assert changed.certificates == CHAIN
    assert changed.update_time > key.update_time
    assert store.kept["seal"] == manager.get("seal") == changed
    assert await manager.set_certificates("seal", CHAIN, key.spki) == changed
    assert (await manager.set_certificates("seal", (b"new",), key.spki)).certificates == (b"new",)
    assert manager.all() == [manager.get("seal")]


async def test_a_key_with_another_pair_does_not_get_them(
    manager: KeyManager, store: MemoryStore
) -> None:
    await manager.generate("seal", "hsm1", KeyType.SM2, None)
    with pytest.raises(SignetError) as caught:
        await manager.set_certificates("seal", CHAIN, b"the former pair's")
    assert caught.value.reason is Reason.POLICY_CHANGED
    assert store.kept["seal"].certificates == ()


async def test_a_destroyed_key_and_one_that_there_is_not(manager: KeyManager) -> None:
    key = await manager.generate("seal", "hsm1", KeyType.SM2, None)
    await manager.disable("seal")
    assert (await manager.set_certificates("seal", CHAIN, key.spki)).certificates == CHAIN
    await manager.destroy("seal")
    assert manager.get("seal").certificates == CHAIN
    for name, reason in (("seal", Reason.KEY_STATE_WRONG), ("none", Reason.KEY_NOT_FOUND)):
        with pytest.raises(SignetError) as caught:
            await manager.set_certificates(name, CHAIN, key.spki)
        assert caught.value.reason is reason


async def test_what_the_store_did_not_take_does_not_count(
    manager: KeyManager, store: MemoryStore
) -> None:
    key = await manager.generate("seal", "hsm1", KeyType.SM2, None)
    store.failure = SignetError(Reason.INTERNAL, "The disk is full.")
    with pytest.raises(SignetError):
        await manager.set_certificates("seal", CHAIN, key.spki)
    assert manager.get("seal").certificates == ()
