"""What is remembered of a PIN that was presented to a token."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AttemptState(StrEnum):
    """What became of a PIN that was presented and not accepted."""

    PENDING = "pending"
    """It is about to be presented, or was, by a run that ended before the token's answer."""
    REFUSED = "refused"
    """The token has, or may have, counted it as wrong."""


@dataclass(frozen=True, kw_only=True)
class PinAttempt:
    """One PIN presented to one token; ``time`` carries a zone, ``reason`` is for people.

    ``pin_hash`` is what PinHasher makes of the PIN; it is never printed.
    """

    token_serial: str
    pin_hash: str = field(repr=False)
    state: AttemptState
    reason: str
    time: datetime
