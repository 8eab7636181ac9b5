"""What people write about approvals, and the names of approvals; pure."""

import re
import secrets
import unicodedata
from typing import Final

from signetd.drivers.errors import Reason, SignetError

MAX_SUMMARY: Final = 1000
"""Most characters of a summary."""
MAX_COMMENT: Final = 500
"""Most characters of a comment."""

_ID: Final = re.compile(r"[a-z][a-z0-9]{0,31}")
_COLLECTION: Final = "approvals/"
# Terminals obey control characters, and the direction of writing can be turned round: either could
# show those who approve something else than what was written.
_MISLEADING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def new_id() -> str:
    """Return a new identifier: short enough to be typed, and none comes twice (64 bits)."""
    return "a" + secrets.token_hex(8)


def read_name(name: str, field: str) -> str:
    """Return the identifier in `approvals/{approval}`; raises INPUT_MISSING or INPUT_INVALID."""
    if not name:
        raise SignetError(
            Reason.INPUT_MISSING, f"{field} is missing; give it as approvals/{{approval}}."
        )
    approval_id = name.removeprefix(_COLLECTION)
    if not name.startswith(_COLLECTION) or not _ID.fullmatch(approval_id):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {name[:80]!r}, which is not a resource name of the form "
            "approvals/{approval}; CreateApproval returns one.",
        )
    return approval_id


def check_summary(summary: str) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID unless *summary* can be shown to those who approve."""
    if not summary.strip():
        raise SignetError(
            Reason.INPUT_MISSING,
            "summary is missing; say what it is about, for those who approve.",
        )
    check_text(summary, "summary", MAX_SUMMARY)


def check_comment(comment: str) -> None:
    """Raise INPUT_INVALID unless *comment* can be shown."""
    check_text(comment, "comment", MAX_COMMENT)


def check_text(text: str, field: str, most: int) -> None:
    """Raise INPUT_INVALID unless *text* of at most so many characters can be shown to people."""
    if len(text) > most:
        raise SignetError(
            Reason.INPUT_INVALID, f"{field} has {len(text)} characters; it may have {most}."
        )
    for char in text:
        if char in _TURNING or (unicodedata.category(char) in _MISLEADING and char != "\n"):
            raise SignetError(
                Reason.INPUT_INVALID,
                f"{field} has the character U+{ord(char):04X} in it, which can hide what is "
                "written; leave out control characters, but for line feeds.",
            )
