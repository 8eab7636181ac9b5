"""Tokens of the pages of approvals: where in the order of their making a page begins; pure."""

import base64
import binascii
from datetime import datetime
from typing import NamedTuple

from signetd.drivers.errors import Reason, SignetError


class Place(NamedTuple):
    """A place between approvals, the newest first: right after the one made then, of this id."""

    create_time: datetime
    id: str


def token_after(place: Place) -> str:
    """Return the token of the page that begins at *place*."""
    text = f"{place.create_time.isoformat()} {place.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def read_token(page_token: str) -> Place | None:
    """Return where a page begins, None for the first; raises INPUT_INVALID."""
    if not page_token:
        return None
    try:
        text = base64.b64decode(page_token.encode(), altchars=b"-_", validate=True).decode()
        moment, _, approval_id = text.partition(" ")
        place = Place(datetime.fromisoformat(moment), approval_id)
    except (binascii.Error, ValueError):
        place = None
    if place is None or place.create_time.tzinfo is None or token_after(place) != page_token:
        raise SignetError(
            Reason.INPUT_INVALID,
            "page_token is not one that this service gave; use next_page_token of the page "
            "before, or leave it empty for the first page.",
        )
    return place
