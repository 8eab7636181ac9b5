"""A pair is called destroyed when nothing of it is left, however the destruction went."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyManager, KeyState
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType


@pytest.fixture
async def keys(manager: KeyManager) -> KeyManager:
    """The manager, with a key `a` of three versions."""
    await manager.generate("a", "hsm1", KeyType.SM2, None)
    await manager.replace("a")
    await manager.replace("a")
    return manager


def destroyed(manager: KeyManager) -> list[int]:
    return sorted(each.version for each in manager.get("a").older if each.destroyed)


async def test_a_version_that_only_verifies_is_destroyed_while_the_key_signs(
    keys: KeyManager, token: Any, store: Any
) -> None:
    pair = keys.get("a").older[1]
    done = await keys.destroy("a", 1)
    assert pair.ref not in [each.ref for each in token.pairs]
    assert (done.key.state, destroyed(keys)) == (KeyState.ENABLED, [1])
    assert store.kept["a"] == done.key
    for words in ("version 1 gone", "fresh session", "0 objects", pair.cka_id.hex(), "00a1"):
        assert words in done.proof
    with pytest.raises(SignetError, match="destroyed already") as error:
        await keys.destroy("a", 1)
    assert error.value.reason is Reason.KEY_STATE_WRONG


async def test_the_one_that_signs_is_not_destroyed_alone(keys: KeyManager, token: Any) -> None:
    await keys.disable("a")
    with pytest.raises(SignetError, match="the one that signs") as error:
        await keys.destroy("a", 3)
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert len(token.pairs) == 3


async def test_an_unknown_version_is_refused(keys: KeyManager) -> None:
    with pytest.raises(SignetError, match="no version 4") as error:
        await keys.destroy("a", 4)
    assert error.value.reason is Reason.KEY_NOT_FOUND


async def test_a_whole_key_takes_all_its_pairs_with_it(keys: KeyManager, token: Any) -> None:
    await keys.destroy("a", 2)
    await keys.disable("a")
    done = await keys.destroy("a")
    assert token.pairs == []
    assert (done.key.state, destroyed(keys)) == (KeyState.DESTROYED, [1, 2])
    assert [f"version {n} gone" in done.proof for n in (1, 2, 3)] == [True, False, True]


async def test_what_is_left_is_named_and_nothing_is_called_destroyed(
    keys: KeyManager, token: Any
) -> None:
    token.lies = True
    with pytest.raises(SignetError, match=r"1 private key object.*1 public key object") as error:
        await keys.destroy("a", 1)
    assert error.value.reason is Reason.TOKEN_FAILED
    assert error.value.metadata == {"private": "1", "public": "1"}
    assert destroyed(keys) == []
    token.lies = False
    await keys.destroy("a", 1)
    assert destroyed(keys) == [1]


async def test_a_crash_after_the_destruction_is_made_good_by_the_next_daemon(
    keys: KeyManager, token: Any, store: Any, restart: Callable[[], KeyManager]
) -> None:
    await keys.disable("a")
    store.failure = OSError("killed")
    with pytest.raises(OSError, match="killed"):
        await keys.destroy("a")
    assert len(token.pairs) == 2
    store.failure = None
    again = restart()
    await again.load()
    assert again.get("a").state is KeyState.DISABLED
    done = await again.destroy("a")
    assert (done.key.state, destroyed(again)) == (KeyState.DESTROYED, [1, 2])
    assert "version 1 gone" in done.proof


@pytest.mark.parametrize("reason", [Reason.TOKEN_TIMEOUT, Reason.WORKER_LOST])
async def test_a_lost_answer_is_made_good_by_the_next_try(
    keys: KeyManager, token: Any, reason: Reason
) -> None:
    token.destroyed_failure = SignetError(reason, "No answer.")
    with pytest.raises(SignetError, match="No answer"):
        await keys.destroy("a", 1)
    assert destroyed(keys) == []
    token.destroyed_failure = None
    assert "version 1 gone" in (await keys.destroy("a", 1)).proof


async def test_without_a_look_nothing_is_proven(keys: KeyManager, token: Any) -> None:
    token.traces_failure = SignetError(Reason.TOKEN_ABSENT, "Pulled out.")
    with pytest.raises(SignetError, match="Pulled out"):
        await keys.destroy("a", 1)
    assert destroyed(keys) == []


async def test_another_token_under_the_name_proves_nothing(keys: KeyManager, token: Any) -> None:
    token.pairs.clear()
    token.info = msgspec.structs.replace(token.info, serial="another")
    with pytest.raises(SignetError, match=r"00a1.*another") as error:
        await keys.destroy("a", 1)
    assert error.value.reason is Reason.KEY_NOT_ON_TOKEN
    assert destroyed(keys) == []


async def test_no_pair_is_destroyed_while_the_token_of_another_is_away(
    store: Any, token: Any, keys: KeyManager
) -> None:
    moved = msgspec.structs.replace(keys.get("a").older[0], token="hsm2")
    first = keys.get("a").older[1]
    store.kept["a"] = msgspec.structs.replace(keys.get("a"), older=(moved, first))
    await keys.load()
    await keys.disable("a")
    with pytest.raises(SignetError) as error:
        await keys.destroy("a")
    assert error.value.reason is Reason.TOKEN_NOT_FOUND
    assert len(token.pairs) == 3


async def test_a_pair_that_came_after_the_approval_is_not_destroyed(
    keys: KeyManager, token: Any
) -> None:
    """What was checked and approved is this pair, not whichever has the name by now."""
    await keys.disable("a")
    seen = keys.check_destroyable("a")
    await keys.replace("a")
    with pytest.raises(SignetError, match="another pair") as error:
        await keys.destroy("a", spki=seen.spki)
    assert error.value.reason is Reason.POLICY_CHANGED
    assert len(token.pairs) == 4


async def test_a_key_that_another_daemon_has_enabled_is_not_destroyed(
    keys: KeyManager, token: Any, restart: Callable[[], KeyManager]
) -> None:
    await keys.disable("a")
    other = restart()
    await other.load()
    await other.enable("a")
    with pytest.raises(SignetError, match="disable it first") as error:
        await keys.destroy("a")
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert len(token.pairs) == 3
