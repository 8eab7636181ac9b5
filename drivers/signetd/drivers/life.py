"""The life of a token as states, what makes it change, and the changes themselves. Pure."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final


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


NEXT: Final[dict[TokenState, tuple[TokenState, ...]]] = {
    TokenState.ABSENT: (TokenState.PRESENT, TokenState.FAILED),
    TokenState.PRESENT: (
        TokenState.READY,
        TokenState.DEGRADED,
        TokenState.LOCKED,
        TokenState.ABSENT,
        TokenState.FAILED,
    ),
    TokenState.LOCKED: (
        TokenState.READY,
        TokenState.DEGRADED,
        TokenState.ABSENT,
        TokenState.FAILED,
    ),
    TokenState.READY: (
        TokenState.DEGRADED,
        TokenState.LOCKED,
        TokenState.ABSENT,
        TokenState.FAILED,
    ),
    TokenState.DEGRADED: (
        TokenState.READY,
        TokenState.LOCKED,
        TokenState.ABSENT,
        TokenState.FAILED,
    ),
    TokenState.FAILED: (TokenState.PRESENT, TokenState.ABSENT),
}
"""Which states may follow which. What is not there is reached through what is."""


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


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of a token at one moment.

    ``opened`` workers have found the token, ``ready`` ones are logged in, ``wanted`` are
    configured. ``absent`` and ``failed`` say why the last attempt to open it did not succeed, or
    nothing; ``unlocked`` whether its PIN is known and was right; ``locked`` why no PIN is
    presented, or nothing while that is not decided; ``missing`` why workers are missing;
    ``complaints`` what else is not as it should be.
    """

    wanted: int
    opened: int = 0
    ready: int = 0
    unlocked: bool = False
    absent: str = ""
    failed: str = ""
    locked: str = ""
    missing: str = ""
    complaints: tuple[str, ...] = ()


def judge(before: TokenState, facts: Facts) -> tuple[TokenState, str]:
    """Tell the state that *facts* amount to, and the reason, after having been in *before*."""
    if facts.ready:
        return _serving(facts)
    if facts.absent:
        return TokenState.ABSENT, facts.absent
    if facts.failed:
        return TokenState.FAILED, facts.failed
    if facts.locked and (facts.opened or before is TokenState.LOCKED or before.serves):
        return TokenState.LOCKED, facts.locked
    if facts.unlocked and before.serves:
        return TokenState.DEGRADED, _with(facts.missing, "its workers are being replaced")
    if facts.opened:
        return TokenState.PRESENT, "it is being unlocked"
    return before, ""


def _serving(facts: Facts) -> tuple[TokenState, str]:
    reasons = list(facts.complaints)
    if facts.ready < facts.wanted:
        count = f"{facts.ready} of {facts.wanted} workers are ready"
        reasons.insert(0, _with(facts.missing, count))
    return (TokenState.DEGRADED, "; ".join(reasons)) if reasons else (TokenState.READY, "")


def _with(detail: str, text: str) -> str:
    return f"{text}: {detail}" if detail else text


def path(start: TokenState, end: TokenState) -> list[TokenState]:
    """Return the states to go through from *start* to *end*, *end* included."""
    ways: deque[list[TokenState]] = deque([[state] for state in NEXT[start]])
    while True:
        way = ways.popleft()
        if way[-1] is end:
            return way
        ways.extend([*way, state] for state in NEXT[way[-1]] if state not in way)


class TokenLife:
    """The state that one token is in; tells *on_change* of every transition, once."""

    def __init__(self, token: str, on_change: Callable[[Transition], None]) -> None:
        self._token = token
        self._on_change = on_change
        self.status = TokenStatus(TokenState.ABSENT, "its workers are starting", _now())

    def observe(self, facts: Facts) -> None:
        """Go where *facts* lead."""
        state, reason = judge(self.status.state, facts)
        if state is self.status.state:
            if reason and reason != self.status.reason:
                self._become(TokenStatus(state, reason, self.status.since))
            return
        *through, end = path(self.status.state, state)
        for step in through:
            self._become(TokenStatus(step, "on its way", _now()))
        self._become(TokenStatus(end, reason, _now()))

    def _become(self, status: TokenStatus) -> None:
        transition = Transition(self._token, self.status, status)
        self.status = status
        self._on_change(transition)


def _now() -> datetime:
    return datetime.now(UTC)
