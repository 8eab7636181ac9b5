"""Replacing a key's pair: all or nothing, and the older versions verify on."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyManager, KeyOrigin, KeyState, versions
from signetd.daemon.policy.types import KeyPolicy
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType


@pytest.fixture
async def keys(manager: KeyManager) -> KeyManager:
    """The manager, with one SM2 key `a`."""
    await manager.generate("a", "hsm1", KeyType.SM2, None)
    return manager


async def test_a_new_pair_signs_and_the_old_one_is_kept(
    keys: KeyManager, token: Any, store: Any
) -> None:
    await keys.set_policy("a", KeyPolicy(algorithms=frozenset({Algorithm.SM2_SM3})))
    before = msgspec.structs.replace(keys.get("a"), certificates=(b"\x30\x00",))
    store.kept["a"] = before
    await keys.load()
    key = await keys.replace("a")
    assert (key.version, key.state, key.policy) == (2, KeyState.ENABLED, before.policy)
    assert key.ref == token.pairs[1].ref
    assert key.certificates == ()
    (older,) = key.older
    assert (older.version, older.ref, older.certificates, older.destroyed) == (
        1,
        before.ref,
        (b"\x30\x00",),
        False,
    )
    assert keys.get("a") == store.kept["a"] == key
    assert versions.at(key, 1).spki == before.spki
    third = await keys.replace("a")
    assert [each.version for each in versions.every(third)] == [3, 2, 1]
    assert [pair.label for pair in token.pairs] == ["a", "a.v2", "a.v3"]


async def test_a_pair_on_the_token_is_adopted(keys: KeyManager, token: Any) -> None:
    there = token.hold(KeyType.SM2, label="合同章", cka_id=b"\7", spki=b"there")
    key = await keys.replace("a", "hsm1", label="合同章")
    assert (key.ref, key.origin, key.version) == (there.ref, KeyOrigin.ENROLLED, 2)


@pytest.mark.parametrize("state", [KeyState.DISABLED, KeyState.QUARANTINED])
async def test_the_state_stays(keys: KeyManager, state: KeyState) -> None:
    await (keys.disable("a") if state is KeyState.DISABLED else keys.quarantine("a", 3))
    assert (await keys.replace("a")).state is state


async def test_a_pair_of_another_type_is_refused(keys: KeyManager, token: Any) -> None:
    before = keys.get("a")
    token.hold(KeyType.RSA_2048, label="rsa", cka_id=b"\7", spki=b"rsa")
    with pytest.raises(SignetError, match="of the type SM2") as error:
        await keys.replace("a", label="rsa")
    assert error.value.reason is Reason.ALGORITHM_UNSUITABLE
    assert keys.get("a") == before
    assert len(token.pairs) == 2


async def test_no_pair_is_registered_twice(keys: KeyManager, token: Any) -> None:
    await keys.generate("b", "hsm1", KeyType.SM2, None)
    first = keys.get("a")
    await keys.replace("a")
    for key_id, pair in (
        ("a", keys.get("a")),
        ("a", first),
        ("b", keys.get("a")),
        ("b", first),
        ("a", keys.get("b")),
    ):
        before = keys.get(key_id)
        with pytest.raises(SignetError, match="registered already") as error:
            await keys.replace(key_id, cka_id=pair.cka_id)
        assert error.value.reason is Reason.KEY_EXISTS
        assert keys.get(key_id) == before
    with pytest.raises(SignetError, match="as the key 'a'"):
        await keys.enrol("c", "hsm1", cka_id=first.cka_id, label="", default_algorithm=None)
    assert len(token.pairs) == 3


async def test_what_cannot_be_stored_leaves_no_pair_and_the_old_one_signs(
    keys: KeyManager, token: Any, store: Any
) -> None:
    before = keys.get("a")
    store.failure = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        await keys.replace("a")
    assert keys.get("a") == before
    assert [pair.ref for pair in token.pairs] == [before.ref]
    store.failure = None
    assert (await keys.replace("a")).version == 2


async def test_an_adopted_pair_that_cannot_be_stored_is_not_destroyed(
    keys: KeyManager, token: Any, store: Any
) -> None:
    token.hold(KeyType.SM2, label="mine", cka_id=b"\7", spki=b"there")
    store.failure = OSError("the disk is full")
    with pytest.raises(OSError, match="full"):
        await keys.replace("a", label="mine")
    assert len(token.pairs) == 2


@pytest.mark.parametrize("reason", [Reason.TOKEN_TIMEOUT, Reason.WORKER_LOST])
async def test_a_lost_answer_leaves_no_pair(keys: KeyManager, token: Any, reason: Reason) -> None:
    before = keys.get("a")
    token.generate_failure = SignetError(reason, "The token did not answer.")
    with pytest.raises(SignetError):
        await keys.replace("a")
    assert keys.get("a") == before
    assert [pair.ref for pair in token.pairs] == [before.ref]


async def test_a_destroyed_key_is_not_replaced(keys: KeyManager, token: Any) -> None:
    await keys.disable("a")
    await keys.destroy("a")
    with pytest.raises(SignetError, match="that is final") as error:
        await keys.replace("a")
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert token.pairs == []


async def test_a_key_has_at_most_100_versions(keys: KeyManager, token: Any) -> None:
    for _ in range(99):
        await keys.replace("a")
    with pytest.raises(SignetError, match="at most 100") as error:
        await keys.replace("a")
    assert error.value.reason is Reason.KEY_STATE_WRONG
    assert len(token.pairs) == 100


async def test_replacements_go_one_after_the_other(keys: KeyManager, token: Any) -> None:
    await asyncio.gather(*(keys.replace("a") for _ in range(4)))
    key = keys.get("a")
    assert [each.version for each in versions.every(key)] == [5, 4, 3, 2, 1]
    assert len({each.spki for each in versions.every(key)}) == 5


async def test_a_version_that_there_is_not_is_named(keys: KeyManager) -> None:
    with pytest.raises(SignetError, match="no version 2; its newest is 1") as error:
        versions.at(keys.get("a"), 2)
    assert error.value.reason is Reason.KEY_NOT_FOUND


async def test_versions_are_still_there_after_a_restart(
    keys: KeyManager, restart: Callable[[], KeyManager]
) -> None:
    await keys.replace("a")
    again = restart()
    await again.load()
    assert again.get("a") == keys.get("a")
    with pytest.raises(SignetError) as error:
        await again.replace("a", cka_id=keys.get("a").older[0].cka_id)
    assert error.value.reason is Reason.KEY_EXISTS


async def test_what_another_daemon_has_replaced_is_replaced_again(
    keys: KeyManager, token: Any, restart: Callable[[], KeyManager]
) -> None:
    """Its pair has the label of the next version: nobody shall be told to remove that one."""
    other = restart()
    await other.load()
    await other.replace("a")
    assert (await keys.replace("a")).version == 3
    assert [pair.label for pair in token.pairs] == ["a", "a.v2", "a.v3"]
