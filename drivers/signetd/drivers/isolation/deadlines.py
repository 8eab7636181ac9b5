"""The deadlines of many requests, watched with one timer."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

T = TypeVar("T", bound="Due")
_MIN_SECONDS: Final = 0.001  # between two looks: loops count in milliseconds


class Due(Protocol):
    """What has a deadline, in seconds of the monotonic clock."""

    @property
    def deadline(self) -> float | None:
        """Until when it is waited for; None: it never ends."""
        ...


class Deadlines(Generic[T]):
    """Tells *on_passed* of what has not been removed at its deadline.

    Requests come with about the same patience, so that the earliest deadline is seldom that of a
    new one: a timer is set once for many, and adding and removing one costs next to nothing.
    """

    def __init__(self, on_passed: Callable[[T], None]) -> None:
        self._on_passed = on_passed
        self._waiting: dict[T, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0  # when it goes off

    def add(self, who: T) -> None:
        """Watch a deadline, if there is one."""
        if who.deadline is None:
            return
        self._waiting[who] = who.deadline
        if self._timer is None or who.deadline < self._next:
            self._arm(who.deadline)

    def remove(self, who: T) -> None:
        """Watch it no more."""
        self._waiting.pop(who, None)

    def _arm(self, end: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = end
        seconds = max(_MIN_SECONDS, end - time.monotonic())
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        for who in [who for who, end in self._waiting.items() if end <= now]:
            if self._waiting.pop(who, None) is not None:
                self._on_passed(who)
        if self._waiting and self._timer is None:
            self._arm(min(self._waiting.values()))
