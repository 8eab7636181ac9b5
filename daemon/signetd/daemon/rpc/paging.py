"""Pages of lists that are sorted by a text; a page goes on even if what it ended with is gone."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

from signetd.daemon.keys.checks import check_page_size
from signetd.drivers.errors import Reason, SignetError

_Item = TypeVar("_Item")


def page(
    items: Sequence[_Item], place: Callable[[_Item], str], page_size: int, page_token: str
) -> tuple[Sequence[_Item], str]:
    """Return a page of *items*, which *place* sorts, and the token of the next, "" on the last.

    Raises INPUT_INVALID.
    """
    size = check_page_size(page_size)
    first = bisect_right(items, _read(page_token), key=place) if page_token else 0
    chosen = items[first : first + size]
    more = first + size < len(items)
    return chosen, _write(place(chosen[-1])) if more else ""


def _write(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode()


def _read(page_token: str) -> str:
    try:
        place = base64.b64decode(page_token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        place = ""
    if not place or _write(place) != page_token:
        raise SignetError(
            Reason.INPUT_INVALID,
            "page_token is not one that this service gave; use next_page_token of the page "
            "before, or leave it empty for the first page.",
        )
    return place
