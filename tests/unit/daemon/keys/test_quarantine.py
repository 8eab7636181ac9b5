"""Keys in quarantine: durable, told once, and lifted by an administrator."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from signetd.daemon.keys import KeyManager, KeyState
from signetd.daemon.keys.tokens import ready
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import KeyType


@pytest.fixture
async def keys(manager: KeyManager) -> KeyManager:
    """The manager, with one key `a`."""
    await manager.generate("a", "hsm1", KeyType.SM2, None)
    return manager


async def test_a_key_is_quarantined_with_an_alarm(keys: KeyManager, store: Any, token: Any) -> None:
    before = keys.get("a")
    with capture_logs() as logs:
        key = await keys.quarantine("a", 3)
    assert key.state is KeyState.QUARANTINED
    assert key.update_time > before.update_time
    assert keys.get("a") == store.kept["a"] == key
    (alarm,) = logs
    assert (alarm["event"], alarm["log_level"]) == ("key quarantined", "critical")
    assert (alarm["key"], alarm["token"], alarm["count"]) == ("a", "hsm1", 3)
    assert token.complaints == {"key a": "the key 'a' is in quarantine: its signatures were faulty"}


async def test_of_many_at_once_one_stores_and_alarms(keys: KeyManager) -> None:
    with capture_logs() as logs:
        found = await asyncio.gather(*(keys.quarantine("a", number) for number in range(3, 9)))
    assert len(logs) == 1
    assert all(key == keys.get("a") for key in found)


@pytest.mark.parametrize("destroyed", [False, True])
async def test_only_an_enabled_key_comes_into_quarantine(
    keys: KeyManager, token: Any, destroyed: bool
) -> None:
    before = await keys.disable("a")
    if destroyed:
        before = (await keys.destroy("a")).key
    with capture_logs() as logs:
        assert await keys.quarantine("a", 3) == before
    assert logs == []
    assert token.complaints == {}


async def test_an_unknown_key_is_refused(keys: KeyManager) -> None:
    with pytest.raises(SignetError) as error:
        await keys.quarantine("nobody", 3)
    assert error.value.reason is Reason.KEY_NOT_FOUND


async def test_enabling_and_disabling_lift_it(keys: KeyManager, token: Any) -> None:
    for lift, state in ((keys.enable, KeyState.ENABLED), (keys.disable, KeyState.DISABLED)):
        await keys.quarantine("a", 3)
        assert (await lift("a")).state is state
        assert token.complaints == {}


async def test_a_key_in_quarantine_can_be_destroyed(keys: KeyManager, token: Any) -> None:
    await keys.quarantine("a", 3)
    assert (await keys.destroy("a")).key.state is KeyState.DESTROYED
    assert token.pairs == []
    assert token.complaints == {}


async def test_it_is_still_so_after_a_restart(
    keys: KeyManager, token: Any, restart: Callable[[], KeyManager]
) -> None:
    await keys.generate("b", "hsm1", KeyType.SM2, None)
    await keys.quarantine("a", 3)
    token.complaints.clear()
    again = restart()
    with capture_logs() as logs:
        await again.load()
    assert again.get("a").state is KeyState.QUARANTINED
    assert list(token.complaints) == ["key a"]
    assert logs == [], "the alarm was given when it happened"


async def test_a_key_whose_token_left_the_configuration_is_no_obstacle(
    keys: KeyManager, store: Any
) -> None:
    await keys.quarantine("a", 3)
    without = KeyManager(store, {})
    await without.load()
    assert without.get("a").state is KeyState.QUARANTINED
    assert (await without.enable("a")).state is KeyState.ENABLED


async def test_a_quarantine_that_is_not_stored_does_not_count(
    keys: KeyManager, store: Any, token: Any
) -> None:
    store.failure = OSError("the disk is full")
    with capture_logs() as logs, pytest.raises(OSError, match="full"):
        await keys.quarantine("a", 3)
    assert keys.get("a").state is KeyState.ENABLED
    assert (logs, token.complaints) == ([], {})


async def test_a_caller_that_goes_away_does_not_stop_it(keys: KeyManager, store: Any) -> None:
    caller = asyncio.create_task(keys.quarantine("a", 3))
    await asyncio.sleep(0)
    caller.cancel()
    with capture_logs() as logs:
        await keys.drain()
    assert store.kept["a"].state is KeyState.QUARANTINED
    assert len(logs) == 1


@pytest.mark.parametrize("state", TokenState)
async def test_a_token_serves_or_says_why_not(token: Any, state: TokenState) -> None:
    token.status = dataclasses.replace(token.status, state=state, reason="because.")
    reasons = {
        TokenState.ABSENT: Reason.TOKEN_ABSENT,
        TokenState.LOCKED: Reason.TOKEN_LOCKED,
        TokenState.PRESENT: Reason.TOKEN_RECOVERING,
        TokenState.FAILED: Reason.TOKEN_RECOVERING,
    }
    if state not in reasons:
        assert ready("hsm1", token) is token.info
        return
    with pytest.raises(SignetError, match=r"'hsm1'.*\(because\)\. ") as error:
        ready("hsm1", token)
    assert error.value.reason is reasons[state]
    assert error.value.retryable == (state is not TokenState.LOCKED)
