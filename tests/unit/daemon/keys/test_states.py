"""Disabling, enabling and destroying keys."""

import asyncio
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyManager, KeyState
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType


@pytest.fixture
async def keys(manager: KeyManager) -> KeyManager:
    """The manager, with one key `a`."""
    await manager.generate("a", "hsm1", KeyType.SM2, None)
    return manager


async def test_a_key_is_disabled_and_enabled_again(keys: KeyManager, store: Any) -> None:
    before = keys.get("a")
    disabled = await keys.disable("a")
    assert disabled.state is KeyState.DISABLED
    assert disabled.update_time > before.update_time
    assert disabled.create_time == before.create_time
    assert keys.get("a") == store.kept["a"] == disabled
    assert (await keys.enable("a")).state is KeyState.ENABLED


async def test_repeating_changes_nothing(keys: KeyManager) -> None:
    assert await keys.enable("a") == keys.get("a")
    disabled = await keys.disable("a")
    assert await keys.disable("a") == disabled


async def test_an_unknown_key_is_refused(keys: KeyManager) -> None:
    for change in (keys.disable, keys.enable, keys.destroy):
        with pytest.raises(SignetError) as error:
            await change("nobody")
        assert error.value.reason is Reason.KEY_NOT_FOUND


async def test_a_change_that_is_not_stored_does_not_count(keys: KeyManager, store: Any) -> None:
    store.failure = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        await keys.disable("a")
    assert keys.get("a").state is KeyState.ENABLED


async def test_an_enabled_key_is_not_destroyed(keys: KeyManager, token: Any) -> None:
    with pytest.raises(SignetError, match="disable it first") as error:
        await keys.destroy("a")
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert len(token.pairs) == 1


async def test_destroying_removes_the_pair_and_keeps_the_registration(
    keys: KeyManager, token: Any
) -> None:
    spki = (await keys.disable("a")).spki
    destroyed = (await keys.destroy("a")).key
    assert token.pairs == []
    assert (destroyed.state, destroyed.spki) == (KeyState.DESTROYED, spki)
    for change in (keys.disable, keys.enable, keys.destroy):
        with pytest.raises(SignetError, match="destroyed") as error:
            await change("a")
        assert error.value.reason is Reason.KEY_STATE_WRONG


async def test_a_key_that_its_token_did_not_destroy_stays_disabled(
    keys: KeyManager, token: Any
) -> None:
    await keys.disable("a")
    token.destroy_failure = SignetError(Reason.TOKEN_FAILED, "Broken.")
    with pytest.raises(SignetError, match="Broken"):
        await keys.destroy("a")
    assert keys.get("a").state is KeyState.DISABLED
    token.destroy_failure = None
    assert (await keys.destroy("a")).key.state is KeyState.DESTROYED


async def test_a_destruction_that_could_not_be_stored_is_completed_by_the_next_request(
    keys: KeyManager, token: Any, store: Any
) -> None:
    await keys.disable("a")
    store.failure = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        await keys.destroy("a")
    assert token.pairs == []
    store.failure = None
    with pytest.raises(SignetError, match="is destroyed"):
        await keys.enable("a")
    token.calls.clear()
    assert (await keys.destroy("a")).key.state is KeyState.DESTROYED
    assert "find_traces" in token.calls, "that the pair is gone is looked at again, and proven"


async def test_the_pair_is_not_looked_for_on_another_token(keys: KeyManager, token: Any) -> None:
    await keys.disable("a")
    token.info = msgspec.structs.replace(token.info, serial="another")
    with pytest.raises(SignetError, match=r"00a1.*another") as error:
        await keys.destroy("a")
    assert error.value.reason is Reason.KEY_NOT_ON_TOKEN
    assert len(token.pairs) == 1


async def test_of_two_destructions_one_reaches_the_token(keys: KeyManager, token: Any) -> None:
    await keys.disable("a")
    results = await asyncio.gather(keys.destroy("a"), keys.destroy("a"), return_exceptions=True)
    assert token.calls.count("destroy") == 1
    assert [type(result) for result in results].count(SignetError) == 1


async def test_a_slow_destruction_does_not_hold_up_another_key(
    keys: KeyManager, token: Any
) -> None:
    await keys.generate("b", "hsm1", KeyType.SM2, None)
    await keys.disable("a")
    token.gate.clear()
    slow = asyncio.create_task(keys.destroy("a"))
    assert (await asyncio.wait_for(keys.disable("b"), 5)).state is KeyState.DISABLED
    token.gate.set()
    assert (await slow).key.state is KeyState.DESTROYED
