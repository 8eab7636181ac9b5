"""The life of a token as states, and the changes between them. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TokenState(StrEnum):
    """Where a token is in its life."""

    ABSENT = "ABSENT"
    PRESENT = "PRESENT"
    LOCKED = "LOCKED"
    READY = "READY"
    DEGRADED = "DEGRADED"
    FAILED = "FAILED"

    @property
    def serves(self) -> bool:
        """Whether requests are taken: all is well, or well enough."""
        return self in (TokenState.READY, TokenState.DEGRADED)


@dataclass(frozen=True)
class TokenStatus:
    """A token's state, why, and since when (UTC)."""

    state: TokenState
    reason: str
    since: datetime


@dataclass(frozen=True)
class Transition:
    """A token's change from one state to another, or of the reason for the one it is in."""

    token: str
    before: TokenStatus
    after: TokenStatus
