"""How often keys and grants were used, and whether one more use is within the limits. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from signetd.daemon.audit.chain import counts_use
from signetd.daemon.audit.types import Charge, Entry
from signetd.daemon.policy.types import Period
from signetd.drivers.errors import Reason, SignetError

Counter = tuple[str, str]
"""The scope and the window of a counter, as in Charge."""

_DAY_LENGTH: Final = len("2026-11-25")
_ADVICE: Final = {
    Period.MINUTE: ("in this minute", "Try again in the next minute"),
    Period.DAY: ("today (UTC)", "Try again after midnight UTC"),
    Period.EVER: ("in all", "No more will come by waiting"),
}


def charges_of(entry: Entry) -> tuple[Charge, ...]:
    """Return the charges that are all made; every signature counts for its key, whoever asks."""
    charges = entry.charges
    if not counts_use(entry.event):
        return charges
    own = entry.event.resource
    for each in charges:
        if each.scope == own and not each.window:
            return charges
    return (*charges, Charge(scope=own))


def counters_of(entries: Iterable[Entry]) -> set[Counter]:
    """Return every counter that *entries* may need."""
    found: set[Counter] = set()
    for entry in entries:
        found.update(_counters(charges_of(entry)))
        for alternative in entry.alternatives:
            if alternative.charges:
                found.update(_counters(alternative.charges))
    return found


def _counters(charges: Iterable[Charge]) -> list[Counter]:
    return [(charge.scope, charge.window) for charge in charges]


class Counts:
    """The counters of a group, as they are after the entries so far."""

    def __init__(self, stored: Mapping[Counter, int]) -> None:
        self._counts = dict(stored)
        self.changed: dict[Counter, int] = {}
        """Those that are to be written, with their new values."""

    def __getitem__(self, counter: Counter) -> int:
        return self._counts.get(counter, 0)

    def choose(self, entry: Entry) -> tuple[str, dict[Counter, int]]:
        """Return the grant that *entry* is allowed by, and the counters it leads to.

        Nothing is changed before `make`. Raises LIMIT_REACHED; of several grants, for the first.
        """
        charges = charges_of(entry)
        if not entry.alternatives:
            return "", self._after(charges)
        refusals: list[SignetError] = []
        for alternative in entry.alternatives:
            try:
                return alternative.grant, self._after((*charges, *alternative.charges))
            except SignetError as error:
                refusals.append(error)
        raise refusals[0]

    def make(self, after: Mapping[Counter, int]) -> None:
        """Take over what `choose` returned."""
        self._counts.update(after)
        self.changed.update(after)

    def _after(self, charges: Sequence[Charge]) -> dict[Counter, int]:
        after: dict[Counter, int] = {}
        for charge in charges:
            counter = charge.scope, charge.window
            count = after.get(counter, self[counter]) + 1
            if charge.limit is not None and count > charge.limit:
                raise _reached(charge)
            after[counter] = count
        return after


def period_of(window: str) -> Period:
    """Return the period of a Charge's window."""
    if not window:
        return Period.EVER
    return Period.DAY if len(window) == _DAY_LENGTH else Period.MINUTE


def _reached(charge: Charge) -> SignetError:
    period = period_of(charge.window)
    when, advice = _ADVICE[period]
    return SignetError(
        Reason.LIMIT_REACHED,
        f"{charge.scope} may be used {charge.limit} times {when}, and it was. {advice}, or ask a "
        "security administrator for a higher limit.",
        metadata={
            "scope": charge.scope,
            "limit": str(charge.limit),
            "period": period.value,
        },
    )
