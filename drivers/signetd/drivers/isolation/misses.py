"""Key pairs that a worker did not find, though they are registered."""

import time
from typing import Final

from signetd.drivers.types import KeyRef

_SECONDS: Final = 60.0
_MAX_PAIRS: Final = 1024


class Misses:
    """Tells whether a worker that does not find a pair may be blind to it.

    Some modules do not show a process what another process made meanwhile: SoftHSM, when both
    made objects at once. So each worker that is older than the first miss of a pair is worth
    replacing, once. One that was started after that looks with fresh eyes: the pair is not there.
    A miss is remembered for a minute, so that asking for what is gone costs few workers.
    """

    def __init__(self) -> None:
        self._first: dict[KeyRef, float] = {}

    def is_blind(self, began: float, key: KeyRef) -> bool:
        """Say whether a worker that was started then (monotonic clock) may not see *key*."""
        now = time.monotonic()
        first = self._first.get(key)
        if first is None or now - first > _SECONDS:
            self._first.pop(key, None)
            if len(self._first) >= _MAX_PAIRS:
                del self._first[next(iter(self._first))]
            first = self._first[key] = now
        return began < first
