"""Enrolling key pairs that are on a token already."""

import asyncio
from typing import Any

import pytest

from signetd.daemon.keys import KeyManager, KeyOrigin
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm, KeyType


@pytest.fixture
def pairs(token: Any) -> Any:
    """A token with two RSA pairs of one label, and one SM2 pair."""
    token.hold(KeyType.RSA_2048, label="twin", cka_id=b"\1", spki=b"one")
    token.hold(KeyType.RSA_2048, label="twin", cka_id=b"\2", spki=b"two")
    token.hold(KeyType.SM2, label="印章", cka_id=b"\3", spki=b"three")
    return token


async def enrol(
    manager: KeyManager,
    key_id: str = "a",
    *,
    cka_id: bytes = b"",
    label: str = "",
    default: Algorithm | None = None,
) -> Any:
    return await manager.enrol(
        key_id, "hsm1", cka_id=cka_id, label=label, default_algorithm=default
    )


@pytest.mark.parametrize(
    ("cka_id", "label", "spki"),
    [(b"\2", "", b"two"), (b"", "印章", b"three"), (b"\1", "twin", b"one")],
)
async def test_one_match_is_registered(
    manager: KeyManager, pairs: Any, cka_id: bytes, label: str, spki: bytes
) -> None:
    key = await enrol(manager, cka_id=cka_id, label=label)
    assert (key.spki, key.origin) == (spki, KeyOrigin.ENROLLED)
    assert manager.get("a") == key


@pytest.mark.parametrize(
    ("cka_id", "label", "reason"),
    [
        (b"", "", Reason.INPUT_MISSING),
        (b"x" * 256, "", Reason.INPUT_INVALID),
        (b"", "章" * 86, Reason.INPUT_INVALID),
        (b"", "\ud800", Reason.INPUT_INVALID),
        (b"", "twin", Reason.KEY_AMBIGUOUS),
        (b"\1", "印章", Reason.KEY_NOT_ON_TOKEN),
    ],
)
async def test_anything_else_is_refused(
    manager: KeyManager, pairs: Any, cka_id: bytes, label: str, reason: Reason
) -> None:
    with pytest.raises(SignetError) as error:
        await enrol(manager, cka_id=cka_id, label=label)
    assert error.value.reason is reason
    assert manager.page(0, "") == ([], "")


async def test_the_default_algorithm_must_fit_the_key_on_the_token(
    manager: KeyManager, pairs: Any
) -> None:
    with pytest.raises(SignetError, match="RSA_PKCS1_SHA256") as error:
        await enrol(manager, cka_id=b"\1", default=Algorithm.SM2_SM3)
    assert error.value.reason is Reason.ALGORITHM_UNSUITABLE


async def test_the_token_must_offer_the_default_algorithm(manager: KeyManager, pairs: Any) -> None:
    with pytest.raises(SignetError) as error:
        await enrol(manager, cka_id=b"\1", default=Algorithm.RSA_PKCS1_SHA512)
    assert error.value.reason is Reason.ALGORITHM_NOT_ON_TOKEN


async def test_a_public_key_is_registered_once(manager: KeyManager, pairs: Any) -> None:
    await enrol(manager, "first", cka_id=b"\1")
    with pytest.raises(SignetError, match="as the key 'first'") as error:
        await enrol(manager, "second", cka_id=b"\1")
    assert error.value.reason is Reason.KEY_EXISTS
    assert len(pairs.pairs) == 3, "an enrolment never removes anything from a token"


async def test_of_two_enrolments_of_a_pair_one_wins(manager: KeyManager, pairs: Any) -> None:
    results = await asyncio.gather(
        *(enrol(manager, name, cka_id=b"\1") for name in ("a", "b", "c")), return_exceptions=True
    )
    lost = [result for result in results if isinstance(result, SignetError)]
    assert [error.reason for error in lost] == [Reason.KEY_EXISTS] * 2
    assert len(manager.page(0, "")[0]) == 1
