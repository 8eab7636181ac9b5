"""The time, which tests can set, and how messages write it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Tells the time, in UTC."""


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """Write a moment of UTC for a message, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
