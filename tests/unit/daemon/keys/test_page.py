"""Listing keys, page by page."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.keys import KeyManager
from signetd.daemon.keys.checks import check_key_id, check_location, read_page_token
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import KeyType


@pytest.fixture
async def keys(manager: KeyManager) -> KeyManager:
    """The manager with the keys e, d, c, b, a, made in this order."""
    for name in "edcba":
        await manager.generate(name, "hsm1", KeyType.SM2, None)
    return manager


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 1000, 0])
async def test_pages_give_every_key_once_by_name(keys: KeyManager, size: int) -> None:
    names, page_token = [], ""
    while True:
        page, page_token = keys.page(size, page_token)
        assert 1 <= len(page) <= (size or 100)
        names += [key.id for key in page]
        if not page_token:
            break
    assert names == list("abcde")


async def test_a_key_made_between_two_pages_shifts_nothing(keys: KeyManager) -> None:
    _, page_token = keys.page(2, "")
    await keys.generate("aa", "hsm1", KeyType.SM2, None)
    assert [key.id for key in keys.page(2, page_token)[0]] == ["c", "d"]


@pytest.mark.parametrize("size", [-1, 1001, -(2**31), 2**31 - 1])
async def test_a_bad_size_is_refused(keys: KeyManager, size: int) -> None:
    with pytest.raises(SignetError, match="page_size") as error:
        keys.page(size, "")
    assert error.value.reason is Reason.INPUT_INVALID


@pytest.mark.parametrize(
    "page_token", ["x", "====", "é", "YQ", " YQ==", base64.b64encode(b"A").decode()]
)
async def test_a_bad_token_is_refused(keys: KeyManager, page_token: str) -> None:
    with pytest.raises(SignetError, match="page_token") as error:
        keys.page(0, page_token)
    assert error.value.reason is Reason.INPUT_INVALID


@given(st.text(st.characters()), st.binary())
def test_garbage_is_refused_or_taken_but_never_a_crash(text: str, data: bytes) -> None:
    for check in (
        lambda: check_key_id(text),
        lambda: read_page_token(text),
        lambda: check_location(data, text),
    ):
        try:
            check()
        except SignetError as error:
            assert error.reason in {Reason.INPUT_INVALID, Reason.INPUT_MISSING}
