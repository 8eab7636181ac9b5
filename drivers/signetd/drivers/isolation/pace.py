"""How fast a token works: what is learned from its answers, and what follows for its queue."""

import math
from typing import Final

_WEIGHT: Final = 0.05  # of a new answer, against all that came before
_START_SECONDS: Final = 0.001
_WINDOW_SECONDS: Final = 0.01
_MIN_WINDOW: Final = 2  # enough to be never idle
_MAX_WINDOW: Final = 64
_MIN_STALL_SECONDS: Final = 0.25
_STALL_FACTOR: Final = 8.0


class Pace:
    """A running mean of the seconds that one operation takes.

    ``window`` is how many operations a worker is given at once: few for a slow token, for what is
    given to a worker is not shared with others.
    """

    def __init__(self) -> None:
        self.seconds = _START_SECONDS
        self.window = _window(self.seconds)

    def took(self, seconds: float, operations: int) -> None:
        """Learn that so many operations took so long together."""
        each = seconds / operations
        self.seconds += (each - self.seconds) * min(1.0, _WEIGHT * operations)
        self.window = _window(self.seconds)

    @property
    def chunk(self) -> int:
        """Signatures of a batch that are one call: two such fill the window."""
        return self.window // 2

    @property
    def stall(self) -> float:
        """Seconds after which an operation takes so long that others should not wait behind it."""
        return max(_MIN_STALL_SECONDS, _STALL_FACTOR * self.seconds)

    def wait(self, operations: int, workers: int) -> float:
        """Seconds that so many operations will take so many workers."""
        return self.seconds * operations / max(1, workers)


def _window(seconds: float) -> int:
    return max(_MIN_WINDOW, min(_MAX_WINDOW, math.ceil(_WINDOW_SECONDS / seconds)))
