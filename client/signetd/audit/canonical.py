"""Lines of an export: canonical JSON, of which there is only one form for the same content."""

import json
import re
from typing import Final

MAX_LINE_BYTES: Final = 1 << 20
"""A line with its newline has at most this many bytes; a record has a few hundred."""
Value = str | int | bool
Values = dict[str, Value]
_TYPES: Final = (str, int, bool)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")


class LineError(ValueError):
    """A line is not what it must be; the message says why."""


def parse(line: bytes) -> Values:
    """Read one line without its newline; raises LineError unless it is canonical."""
    try:
        values = json.loads(line.decode())
        if not isinstance(values, dict) or any(
            type(each) not in _TYPES for each in values.values()
        ):
            raise LineError("it is not an object of texts, integers and booleans")
        again = encode(values)
    except (ValueError, RecursionError) as error:
        if isinstance(error, LineError):
            raise
        raise LineError("it is not JSON in UTF-8") from None
    if again != line:
        raise LineError("it is not in the canonical form")
    return values


def encode(values: Values) -> bytes:
    """Write values: UTF-8, keys sorted, no spaces. Raises ValueError for a lone surrogate."""
    return json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def text(values: Values, name: str) -> str:
    """Return a field that is a text, "" where it is left out; raises LineError."""
    value = values.get(name, "")
    if not isinstance(value, str):
        raise LineError(f"{name} is not a text")
    return value


def number(values: Values, name: str) -> int:
    """Return a field that is an integer of 0 or more, 0 where it is left out; raises LineError."""
    value = values.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise LineError(f"{name} is not a number")
    return value


def time(values: Values, name: str) -> str:
    """Return a field that is a time; times compare as texts. Raises LineError."""
    value = text(values, name)
    if not _TIME.fullmatch(value):
        raise LineError(f"{name} is not a time such as 2026-11-25T13:45:00.000000Z")
    return value


def octets(values: Values, name: str) -> bytes:
    """Return a field that is lower-case hex; raises LineError."""
    value = text(values, name)
    if not _HEX.fullmatch(value):
        raise LineError(f"{name} is not lower-case hex")
    return bytes.fromhex(value)
