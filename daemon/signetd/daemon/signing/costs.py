"""What signatures of one moment cost, worked out once for all that rest on the same."""

from datetime import datetime

from signetd.daemon.audit.types import Alternative, Charge
from signetd.daemon.policy.charges import charges_of, key_charges
from signetd.daemon.signing.permits import Basis


class Costs:
    """The charges of what is written down at *moment*."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._known: dict[int, tuple[tuple[Charge, ...], tuple[Alternative, ...]]] = {}

    def of(self, basis: Basis) -> tuple[tuple[Charge, ...], tuple[Alternative, ...]]:
        """Return what a signature costs by its key, and by each grant that allows it."""
        found = self._known.get(id(basis))
        if found is None:
            key = basis.key
            found = self._known[id(basis)] = (
                key_charges(key.id, key.policy, self._moment),
                tuple(charges_of(option, self._moment) for option in basis.options),
            )
        return found
