"""One fault from its beginning to its end, and what it cost."""

import time
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final

from signetd.client import SignetdError
from tests.chaos.faults import Fault
from tests.chaos.record import Outcome, Record, Seen
from tests.chaos.target import KEYS, Target

_PATIENCE: Final = 3.0  # seconds until the operator of a fault by design looks after it
_AFTER_HELP: Final = 30.0  # seconds that the daemon has after the operator did something
_QUIET: Final = 0.3  # seconds without a failure after which all is well again
_POLL: Final = 0.01


@dataclass(frozen=True)
class Trial:
    """What one fault cost. Times are in seconds; None where there was nothing to measure.

    ``noticed``: from the fault to the first failed request or change of the token's state.
    ``outage``: the longest time in which some key gave no signature, the fault's own time included.
    ``recovery``: from the fault's end until each key has signed again.
    ``complete``: from the fault's end until all workers serve again.
    """

    name: str
    did: str
    began: float
    cleared: float
    failed: int
    noticed: float | None
    outage: float
    recovery: float | None
    complete: float | None
    operator: tuple[str, ...]  # what an operator had to do
    unexpected: bool  # an operator was needed, or it did not recover, without that being meant so
    wrong_pins: int  # wrong PINs that were presented
    refused: int  # times that the token counted a wrong PIN


class Conductor:
    """Makes faults befall a target under load, one at a time."""

    def __init__(self, target: Target, record: Record, random: Random) -> None:
        self._target = target
        self._record = record
        self._random = random
        self._number = 0  # of the first outcome of this trial

    def await_well(self, limit: float = 30.0) -> None:
        """Wait until everything works. Raises TimeoutError."""
        now = time.monotonic()
        if self._await(now, now + limit)[1] is None:
            raise TimeoutError(f"not all is well after {limit:g} s: {self._target.status()}")

    def run(self, fault: Fault) -> Trial:
        """Carry out one fault and wait until it is over, or until the limit."""
        target, random = self._target, self._random
        self._number, refused = len(self._record), target.refused_logins()
        began = time.monotonic()
        try:
            did = fault.apply(target, random)
            time.sleep(random.uniform(*fault.hold))
        finally:
            fault.clear(target)
        cleared = time.monotonic()
        recovery, complete, operator = self._recover(fault, cleared)
        outcomes = self._record.since(self._number)
        ended = time.monotonic()
        return Trial(
            name=fault.name,
            did=did,
            began=began,
            cleared=cleared,
            failed=sum(not outcome.good for outcome in outcomes),
            noticed=_noticed(outcomes, self._record.states_since(began), began),
            outage=_outage(outcomes, began, ended),
            recovery=recovery,
            complete=complete,
            operator=tuple(operator),
            unexpected=self._unexpected(fault, complete, operator),
            wrong_pins=fault.wrong_pins,
            refused=target.refused_logins() - refused,
        )

    def _unexpected(self, fault: Fault, complete: float | None, operator: list[str]) -> bool:
        return complete is None or complete > fault.limit or (bool(operator) and not fault.operator)

    def _recover(
        self, fault: Fault, cleared: float
    ) -> tuple[float | None, float | None, list[str]]:
        """Wait; where that does not help, do as an operator would, and wait once more."""
        patience = _PATIENCE if fault.operator else fault.limit
        recovery, complete = self._await(cleared, cleared + patience)
        if complete is not None:
            return recovery, complete, []
        operator = self._operate()
        later, complete = self._await(cleared, time.monotonic() + _AFTER_HELP)
        return recovery or later, complete, operator

    def _operate(self) -> list[str]:
        try:
            return self._target.operate()
        except SignetdError as error:
            return [f"tried in vain: {error}"]

    def _await(self, since: float, end: float) -> tuple[float | None, float | None]:
        """Wait until each key signed, and all is well; return when that was, after *since*."""
        recovery = None
        while time.monotonic() < end:
            outcomes = self._recent(since)
            recovery = recovery or _first_of_all_keys(outcomes, since)
            if recovery is not None and self._all_is_well(outcomes):
                return recovery, self._complete_since(since)
            time.sleep(_POLL)
        return recovery, None

    def _recent(self, since: float) -> list[Outcome]:
        return [o for o in self._record.since(self._number) if o.ended >= since]

    def _all_is_well(self, outcomes: list[Outcome]) -> bool:
        now = time.monotonic()
        state = self._record.states[-1] if self._record.states else None
        if state is None or (state.state, state.workers_ready) != self._well:
            return False
        return now - state.at > _QUIET and not any(
            not outcome.good and outcome.ended > now - _QUIET for outcome in outcomes
        )

    @property
    def _well(self) -> tuple[str, int]:
        return "READY", self._target.workers_wanted

    def _complete_since(self, since: float) -> float:
        """When the workers were complete for good."""
        return max(0.0, self._record.states[-1].at - since)


def _first_of_all_keys(outcomes: list[Outcome], since: float) -> float | None:
    """Seconds from *since* until each key has signed."""
    first: dict[str, float] = {}
    for outcome in outcomes:
        if outcome.good:
            first.setdefault(outcome.key, outcome.ended)
    return max(first.values()) - since if len(first) == len(KEYS) else None


def _noticed(outcomes: list[Outcome], states: list[Seen], began: float) -> float | None:
    times = [o.ended for o in outcomes if not o.good and o.ended >= began]
    times += [seen.at for seen in states]
    return min(times) - began if times else None


def _outage(outcomes: list[Outcome], began: float, ended: float) -> float:
    longest = 0.0
    for key in KEYS:
        good = sorted(o.ended for o in outcomes if o.good and o.key == key)
        times = [began, *good, ended]
        longest = max(longest, *(b - a for a, b in pairwise(times)))
    return longest
