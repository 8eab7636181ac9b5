"""Keeps callers who are refused from filling the audit: many refusals become one record."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

EACH: Final = 20
"""Refusals that are recorded one by one in a second, of one caller."""
ALL: Final = 200
"""The same, of all callers together."""
_SECONDS: Final = 1.0


class RefusalFlood:
    """Counts refusals of calls that were not let in; *sum_up* is told how many were left out.

    It is called once for each caller, at the end of a second in which some were, with the caller's
    name and their number. Whoever was let in is not counted: those are few at a time.
    """

    def __init__(self, sum_up: Callable[[str, int], None]) -> None:
        self._sum_up = sum_up
        self._recorded: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._began = False

    def may_record(self, name: str) -> bool:
        """Count a refusal of *name*; tell whether it gets a record of its own."""
        if not self._began:
            self._began = True
            asyncio.get_running_loop().call_later(_SECONDS, self._end)
        if self._recorded.get(name, 0) < EACH and self._recorded.total() < ALL:
            self._recorded[name] += 1
            return True
        # Names that come late in a flood of names are counted together, without a name.
        self._left_out[name if name in self._recorded else ""] += 1
        return False

    def _end(self) -> None:
        left_out = self._left_out
        self._recorded, self._left_out, self._began = Counter(), Counter(), False
        for name, number in left_out.items():
            self._sum_up(name, number)
