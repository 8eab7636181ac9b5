"""What a signature costs: which counters it counts up, by its key and by each grant."""

from collections.abc import Sequence
from datetime import datetime

from signetd.daemon.audit.types import Alternative, Charge
from signetd.daemon.policy.charges import charges_of, key_charges
from signetd.daemon.policy.evaluate import Option
from signetd.daemon.policy.types import KeyPolicy, Period

Charges = tuple[tuple[Charge, ...], tuple[Alternative, ...]]


class Costs:
    """The costs of signatures with one key that the same options allow."""

    def __init__(self, key_id: str, policy: KeyPolicy, options: Sequence[Option]) -> None:
        self._key_id = key_id
        self._policy = policy
        self._options = options
        limits = (*policy.limits, *(limit for option in options for limit in option.limits))
        self._changes = any(limit.period is not Period.EVER for limit in limits)
        self._always: Charges | None = None

    def at(self, moment: datetime) -> Charges:
        """Return them at *moment*: limits of a minute or a day have another counter in each."""
        if self._always is not None:
            return self._always
        found = (
            key_charges(self._key_id, self._policy, moment),
            tuple(charges_of(option, moment) for option in self._options),
        )
        if not self._changes:
            self._always = found
        return found
