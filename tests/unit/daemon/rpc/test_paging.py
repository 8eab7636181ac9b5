"""Pages of any sorted list."""

import pytest

from signetd.daemon.rpc.paging import page
from signetd.drivers.errors import Reason, SignetError

NAMES = ["a", "b b", "https://例.test/app", "~"]


def walk(names: list[str], size: int) -> list[list[str]]:
    pages, token = [], ""
    while True:
        found, token = page(names, str, size, token)
        pages.append(list(found))
        if not token:
            return pages


def test_pages_come_one_after_the_other() -> None:
    assert walk(NAMES, 3) == [NAMES[:3], NAMES[3:]]
    assert walk(NAMES, 2) == [NAMES[:2], NAMES[2:]]
    assert walk(NAMES, 0) == [NAMES]
    assert walk([], 1) == [[]]


def test_a_page_goes_on_where_something_was_deleted() -> None:
    _, token = page(NAMES, str, 2, "")
    assert page(["a", *NAMES[2:]], str, 9, token) == (NAMES[2:], "")


@pytest.mark.parametrize("token", ["x", "=", "YQ", "Y Q==", "YR==", "_w==", "例"])
def test_a_token_of_somebody_else_is_refused(token: str) -> None:
    with pytest.raises(SignetError, match="page_token is not one") as caught:
        page(NAMES, str, 1, token)
    assert caught.value.reason is Reason.INPUT_INVALID


@pytest.mark.parametrize("size", [-1, 1001])
def test_a_size_that_is_refused(size: int) -> None:
    with pytest.raises(SignetError, match="page_size"):
        page(NAMES, str, size, "")
