"""Whether the audit can be written, and when to try again."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog
from sqlalchemy.exc import DBAPIError

from signetd.drivers.errors import Reason, SignetError

_CLASHES: Final = frozenset({"40001", "40P01"})
"""SQLSTATE of serialization_failure and deadlock_detected."""
_log = structlog.get_logger("signetd.audit")


class Health:
    """Knows why nothing can be written; ``on_change`` is told, "" when all is well again.

    *first* and *longest* are the seconds between two tries: each wait is twice the one before.
    """

    def __init__(
        self, on_change: Callable[[str], None] | None, first: float, longest: float
    ) -> None:
        self.failure = ""
        self._on_change = on_change
        self._first, self._longest = first, longest
        self._wait = first

    def check(self) -> None:
        """Raise AUDIT_UNAVAILABLE while nothing can be written."""
        if self.failure:
            raise self.refusal()

    def refusal(self) -> SignetError:
        """Return what callers are told while nothing can be written."""
        return SignetError(
            Reason.AUDIT_UNAVAILABLE,
            f"The audit cannot be written, and nothing is done without it: {self.failure}. Writing "
            "is tried again and again; look at the disk or the database.",
            retry_after=self._wait,
        )

    def fail(self, cause: str, error: Exception) -> None:
        """Remember a failure, and tell of it if it is news."""
        if cause != self.failure:
            _log.error("audit_unavailable", cause=cause, error=type(error).__name__)
            self._change(cause)

    def recover(self) -> None:
        """Remember that writing works again, and tell of it."""
        _log.warning("audit_recovered", cause=self.failure)
        self._wait = self._first
        self._change("")

    async def pause(self, news: asyncio.Event, is_over: Callable[[], bool]) -> bool:
        """Wait before the next try; return at once with True when *is_over*, which *news* tell."""
        wait, self._wait = self._wait, min(2 * self._wait, self._longest)
        news.clear()
        if not is_over():
            try:
                await asyncio.wait_for(news.wait(), wait)
            except TimeoutError:
                return False
        return is_over()

    def _change(self, failure: str) -> None:
        self.failure = failure
        if self._on_change is not None:
            self._on_change(failure)


def cause_of(error: Exception) -> str:
    """Say in a few words why the database did not work; quotes nothing that was to be written."""
    original = error.orig if isinstance(error, DBAPIError) else None
    if original is not None:
        return str(original).strip().splitlines()[0][:300] or type(original).__name__
    return f"{type(error).__name__}: {error}"[:300].rstrip(".")


def is_passing(error: Exception) -> bool:
    """Whether a transaction can be begun anew at once.

    The database broke it off for another's sake, or the connection was lost: there are others.
    """
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _CLASHES
