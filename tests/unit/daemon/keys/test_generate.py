"""Generating keys: names, algorithms, and nothing half-done on the token."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from signetd.daemon.keys import KeyManager, KeyOrigin, KeyState
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.life import TokenState
from signetd.drivers.types import Algorithm, KeyType, ObscureKey, ProtectionLevel

SERIAL = "00a1"

DEFAULTS = {
    KeyType.SM2: Algorithm.SM2_SM3,
    KeyType.RSA_2048: Algorithm.RSA_PKCS1_SHA256,
    KeyType.RSA_3072: Algorithm.RSA_PKCS1_SHA256,
    KeyType.RSA_4096: Algorithm.RSA_PKCS1_SHA256,
    KeyType.EC_P256: Algorithm.ECDSA_P256_SHA256,
    KeyType.EC_P384: Algorithm.ECDSA_P384_SHA384,
    KeyType.EC_P521: Algorithm.ECDSA_P521_SHA512,
    KeyType.ED25519: Algorithm.ED25519,
}


@pytest.mark.parametrize("key_type", KeyType)
async def test_a_key_is_generated_and_registered(
    manager: KeyManager, token: Any, store: Any, key_type: KeyType
) -> None:
    key = await manager.generate("demo-1", "hsm1", key_type, None)
    (pair,) = token.pairs
    assert pair.label == "demo-1"
    assert len(pair.ref.cka_id) == 16
    assert key.ref == pair.ref
    assert (key.key_type, key.default_algorithm) == (key_type, DEFAULTS[key_type])
    assert (key.state, key.origin, key.version) == (KeyState.ENABLED, KeyOrigin.GENERATED, 1)
    assert (key.token, key.token_label, key.token_serial) == ("hsm1", "signing", SERIAL)
    assert key.protection_level is ProtectionLevel.SOFTWARE
    assert key.create_time == key.update_time
    assert key.create_time.tzinfo is not None
    assert manager.get("demo-1") == key == store.kept["demo-1"]


@pytest.mark.parametrize(
    "key_id", ["", "A", "1a", "-a", "a-", "a_b", "a\n", "a.b", "é", "keys/a", "a" * 64, "a\0"]
)
async def test_a_bad_name_is_refused(manager: KeyManager, token: Any, key_id: str) -> None:
    with pytest.raises(SignetError, match=r"key_id.*1 to 63 lower-case") as error:
        await manager.generate(key_id, "hsm1", KeyType.SM2, None)
    assert error.value.reason is Reason.INPUT_INVALID
    assert token.calls == []


@pytest.mark.parametrize("key_id", ["a", "z9", "a--b", "a" * 63])
async def test_names_at_the_limits_are_taken(manager: KeyManager, key_id: str) -> None:
    assert (await manager.generate(key_id, "hsm1", KeyType.SM2, None)).id == key_id


async def test_another_default_algorithm_can_be_chosen(manager: KeyManager) -> None:
    chosen = Algorithm.RSA_PSS_SHA384
    key = await manager.generate("a", "hsm1", KeyType.RSA_2048, chosen)
    assert key.default_algorithm is chosen


async def test_a_default_algorithm_of_another_key_type_is_refused(
    manager: KeyManager, token: Any
) -> None:
    with pytest.raises(SignetError, match="these do: SM2_SM3") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, Algorithm.ED25519)
    assert error.value.reason is Reason.ALGORITHM_UNSUITABLE
    assert token.calls == []


async def test_an_algorithm_that_the_token_lacks_is_refused(
    manager: KeyManager, token: Any
) -> None:
    with pytest.raises(SignetError, match=r"'hsm1' does not offer.*it offers:.*SM2_SM3") as error:
        await manager.generate("a", "hsm1", KeyType.RSA_2048, Algorithm.RSA_PKCS1_SHA512)
    assert error.value.reason is Reason.ALGORITHM_NOT_ON_TOKEN
    assert token.calls == []


async def test_an_unknown_token_is_refused(manager: KeyManager) -> None:
    with pytest.raises(SignetError) as error:
        await manager.generate("a", "hsm2", KeyType.SM2, None)
    assert error.value.reason is Reason.TOKEN_NOT_FOUND


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (TokenState.LOCKED, Reason.TOKEN_LOCKED),
        (TokenState.ABSENT, Reason.TOKEN_ABSENT),
    ],
)
async def test_a_token_that_is_not_ready_is_not_asked(
    manager: KeyManager, token: Any, state: TokenState, reason: Reason
) -> None:
    token.status = dataclasses.replace(token.status, state=state, reason="because.")
    with pytest.raises(SignetError, match=r"\(because\)") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert error.value.reason is reason
    assert token.calls == []


async def test_a_name_is_never_used_again(
    manager: KeyManager, token: Any, restart: Callable[[], KeyManager]
) -> None:
    await manager.generate("a", "hsm1", KeyType.SM2, None)
    await manager.disable("a")
    await manager.destroy("a")
    again = restart()
    await again.load()
    token.calls.clear()
    for keys in (manager, again):
        with pytest.raises(SignetError, match=r"DESTROYED.*never used again") as error:
            await keys.generate("a", "hsm1", KeyType.SM2, None)
        assert error.value.reason is Reason.KEY_EXISTS
    assert token.calls == []


async def test_of_two_requests_for_a_name_one_wins_and_the_token_is_asked_once(
    manager: KeyManager, token: Any
) -> None:
    results = await asyncio.gather(
        *(manager.generate("a", "hsm1", KeyType.SM2, None) for _ in range(5)),
        return_exceptions=True,
    )
    lost = [result for result in results if isinstance(result, SignetError)]
    assert len(lost) == 4
    assert {error.reason for error in lost} == {Reason.KEY_EXISTS}
    assert token.calls == ["generate"]


async def test_a_pair_that_cannot_be_stored_is_destroyed_and_the_name_is_free_again(
    manager: KeyManager, token: Any, store: Any
) -> None:
    store.failure = OSError("the disk is full")
    with pytest.raises(OSError, match="disk is full") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert not hasattr(error.value, "__notes__")
    assert token.pairs == []
    assert token.calls == ["generate", "destroy"]
    store.failure = None
    assert (await manager.generate("a", "hsm1", KeyType.SM2, None)).id == "a"


async def test_what_cannot_be_removed_from_the_token_is_named(
    manager: KeyManager, token: Any, store: Any
) -> None:
    store.failure = OSError("the disk is full")
    token.destroy_failure = SignetError(Reason.TOKEN_FAILED, "The token is broken.")
    with pytest.raises(OSError, match="disk is full") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    (note,) = error.value.__notes__
    assert token.pairs[0].ref.cka_id.hex() in note
    assert "The token is broken." in note


@pytest.mark.parametrize("reason", [Reason.TOKEN_TIMEOUT, Reason.WORKER_LOST])
async def test_a_pair_whose_answer_was_lost_is_destroyed(
    manager: KeyManager, token: Any, reason: Reason
) -> None:
    other = token.hold(KeyType.SM2, label="b", cka_id=b"other", spki=b"other")
    token.generate_failure = SignetError(reason, "The token did not answer.")
    with pytest.raises(SignetError, match=r"^The token did not answer\.$") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert error.value.reason is reason
    assert token.pairs == [other]


async def test_a_lost_answer_names_what_may_be_left(manager: KeyManager, token: Any) -> None:
    token.generate_failure = SignetError(Reason.TOKEN_TIMEOUT, "No answer.", ckr="CKR_X")
    token.destroy_failure = SignetError(Reason.TOKEN_ABSENT, "Absent.")
    with pytest.raises(SignetError, match=r"No answer\..*may be left on the token") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert (error.value.reason, error.value.ckr) == (Reason.TOKEN_TIMEOUT, "CKR_X")
    assert token.pairs[0].ref.cka_id.hex() in error.value.message


async def test_a_token_that_makes_the_same_pair_twice_is_caught(
    manager: KeyManager, token: Any
) -> None:
    token.next_spki = b"the same"
    await manager.generate("a", "hsm1", KeyType.SM2, None)
    with pytest.raises(SignetError, match="as the key 'a'") as error:
        await manager.generate("b", "hsm1", KeyType.SM2, None)
    assert error.value.reason is Reason.KEY_EXISTS
    assert [pair.label for pair in token.pairs] == ["a"]


async def test_a_caller_that_goes_away_leaves_token_and_store_agreeing(
    manager: KeyManager, token: Any, store: Any
) -> None:
    token.gate.clear()
    request = asyncio.create_task(manager.generate("a", "hsm1", KeyType.SM2, None))
    await token.asked.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    token.gate.set()
    await manager.drain()
    assert manager.get("a").ref == token.pairs[0].ref
    assert "a" in store.kept


async def test_the_registered_token_is_the_one_that_made_the_pair(
    manager: KeyManager, token: Any
) -> None:
    """The token's description is read before the pair is made, not when it is stored."""
    token.gate.clear()
    request = asyncio.create_task(manager.generate("a", "hsm1", KeyType.SM2, None))
    await token.asked.wait()
    token.info = msgspec.structs.replace(token.info, serial="another")
    token.gate.set()
    assert (await request).token_serial == SERIAL


@pytest.mark.parametrize("change", [lambda i: i[:10], lambda i: i + bytes(4)])
async def test_a_token_that_cuts_or_pads_the_cka_id_is_believed(
    manager: KeyManager, token: Any, change: Callable[[bytes], bytes]
) -> None:
    token.changes_id = change
    key = await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert key.ref == token.pairs[0].ref
    assert len(key.cka_id) in (10, 20)
    token.generate_failure = SignetError(Reason.TOKEN_FAILED, "Broken.")
    with pytest.raises(SignetError, match=r"^Broken\.$"):
        await manager.generate("b", "hsm1", KeyType.SM2, None)
    assert [pair.label for pair in token.pairs] == ["a"], "the pair that was made is removed"


async def test_a_worker_that_comes_back_soon_is_waited_for_to_remove_a_pair(
    manager: KeyManager, token: Any
) -> None:
    token.generate_failure = SignetError(Reason.WORKER_LOST, "Lost.")
    token.destroy_failure = SignetError(Reason.TOKEN_RECOVERING, "Not yet.")

    loop = asyncio.get_running_loop()
    loop.call_later(0.1, setattr, token, "destroy_failure", None)
    with pytest.raises(SignetError, match=r"^Lost\.$"):
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert token.pairs == []
    assert token.calls.count("destroy") == 2


@pytest.mark.parametrize("is_obscure", [False, True])
async def test_none_is_generated_under_a_label_that_is_on_the_token(
    manager: KeyManager, token: Any, is_obscure: bool
) -> None:
    if is_obscure:
        token.obscure.append(ObscureKey(cka_id=b"\7", label="a", why="it tells no public key"))
    else:
        token.hold(KeyType.SM2, label="a", cka_id=b"\7", spki=b"other")
    with pytest.raises(SignetError, match=r"label 'a' already \(CKA_ID 07\)") as error:
        await manager.generate("a", "hsm1", KeyType.SM2, None)
    assert error.value.reason is Reason.KEY_EXISTS
    assert "generate" not in token.calls
