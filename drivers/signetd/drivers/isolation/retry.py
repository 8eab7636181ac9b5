"""When refused clients should come again: so late that refusing them costs little."""

import random
import time
from typing import Final

MIN_SECONDS: Final = 0.05
MAX_SECONDS: Final = 5.0
_PERIOD_SECONDS: Final = 0.1
_SHARE: Final = 0.05  # of what the token could sign, so many requests may be refused
_MIN_RATE: Final = 20.0
_MAX_STEP: Final = 2.0


class RetryDelay:
    """A delay that grows while too many requests have to be refused, and shrinks after that.

    Each refusal costs time that signatures need: ten times as many clients as the token can serve,
    all coming again at once, would halve what it gets to sign.
    """

    def __init__(self) -> None:
        self._seconds = MIN_SECONDS
        self._began = time.monotonic()
        self._count = 0

    def refuse(self, wait: float, capacity: float) -> float:
        """Count a refusal; return in how many seconds the client should come again.

        *wait* is how many seconds the queue takes, *capacity* how many requests a second the token
        can serve.
        """
        self._count += 1
        elapsed = time.monotonic() - self._began
        if elapsed >= _PERIOD_SECONDS:
            self._adapt(self._count / elapsed, max(_MIN_RATE, _SHARE * capacity))
            self._began, self._count = time.monotonic(), 0
        seconds = max(self._seconds, wait) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
        return min(MAX_SECONDS, max(MIN_SECONDS, seconds))

    def _adapt(self, rate: float, allowed: float) -> None:
        step = min(_MAX_STEP, max(1 / _MAX_STEP, rate / allowed))
        self._seconds = min(MAX_SECONDS, max(MIN_SECONDS, self._seconds * step))
