"""The unified social credit code of an organisation (统一社会信用代码, GB 32100-2015); pure."""

import re
from typing import Final

from signetd.drivers.errors import Reason, SignetError

_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100, table 1: no I, O, S, V, Z
_SHAPE: Final = re.compile(rf"[{_LETTERS}]{{2}}[0-9]{{6}}[{_LETTERS}]{{10}}", re.ASCII)
_LENGTH: Final = 18
_MODULUS: Final = 31
_BASE: Final = 3


def check(code: str, field: str) -> None:
    """Raise INPUT_MISSING or INPUT_INVALID, naming *field*, unless *code* can be one.

    Looked at are its length, its characters, the six digits of the place, and the check
    character (GB 32100-2015, 4.2.6); not whether somebody has this code.
    """
    if not code:
        raise SignetError(
            Reason.INPUT_MISSING, f"{field} is missing; give the owner's code of 18 characters."
        )
    if len(code) != _LENGTH:
        raise _wrong(code, field, f"has {len(code)} characters; it must have {_LENGTH}")
    if not _SHAPE.fullmatch(code):
        raise _wrong(
            code,
            field,
            "has a character that is not allowed in its place; it consists of digits and capital "
            "letters without I, O, S, V and Z, and its third to eighth characters are digits",
        )
    if code[-1] != check_character(code[:-1]):
        raise _wrong(
            code,
            field,
            "has a wrong check character (GB 32100-2015): one of its characters is mistyped. "
            "Compare it with the owner's licence",
        )


def check_character(first: str) -> str:
    """Return the last character for the 17 that come first (GB 32100-2015, 4.2.6)."""
    total = sum(
        _LETTERS.index(each) * pow(_BASE, place, _MODULUS) for place, each in enumerate(first)
    )
    return _LETTERS[-total % _MODULUS]


def _wrong(code: str, field: str, what: str) -> SignetError:
    return SignetError(Reason.INPUT_INVALID, f"{field} is {code[:40]!r}, which {what}.")
