"""The time that stands in a stamp: of this machine, and never before what it follows on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from signetd.daemon.seals import checks
from signetd.daemon.seals.parts import Clock
from signetd.drivers.errors import Reason, SignetError

_SECOND: Final = timedelta(seconds=1)
_MARGIN_SECONDS: Final = 0.005  # sleeps can end a little early


class StampClock:
    """Tells times for stamps, in whole seconds as stamps have them.

    A stamp is not older than the last record of the audit, nor than its seal's last change: else
    it would seem to be of a time when its seal was not in use. *last* tells the time of the last
    record. A clock that is behind by more than *tolerance*, in seconds, is not believed.
    """

    def __init__(
        self,
        clock: Clock,
        last: Callable[[], datetime],
        tolerance: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._last = last
        self._tolerance = timedelta(seconds=tolerance)
        self._sleep = sleep

    async def time(self, since: datetime) -> datetime:
        """Return the time for a stamp with a seal that is as it is *since* then.

        Where the second of that has not passed yet, it waits for the next one: little more than a
        second and the tolerance. Raises CLOCK_WRONG.
        """
        first = _next_second(since)
        now = self._now(since)
        if now < first:
            await self._sleep((first - now).total_seconds() + _MARGIN_SECONDS)
            now = max(self._now(since), first)
        return checks.whole(now)

    def now(self) -> datetime:
        """Return the time if it can be believed; raises CLOCK_WRONG."""
        return max(self._checked(self._last(), "the last record of the audit"), self._last())

    def _now(self, since: datetime) -> datetime:
        return max(self.now(), self._checked(since, "the last change of the seal"))

    def _checked(self, before: datetime, what: str) -> datetime:
        now = self._clock()
        if now < before - self._tolerance:
            raise SignetError(
                Reason.CLOCK_WRONG,
                f"The clock of this machine says {now.isoformat()}, which is before {what}, of "
                f"{before.isoformat()}. Nothing is stamped by it; set the clock.",
            )
        return now


def _next_second(moment: datetime) -> datetime:
    """Return *moment*, or the next whole second after it."""
    whole = checks.whole(moment)
    return whole if whole == moment else whole + _SECOND
