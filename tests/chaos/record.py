"""What was observed: every answer to every request, and every state of the token."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from signetd.client import SignetdError


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request and its one answer: a signature, or why there is none. Times are monotonic."""

    key: str
    document: bytes
    began: float
    ended: float
    signature: bytes = b""
    reason: str = ""  # ErrorInfo's; empty with a signature, and where the daemon gave none
    code: str = ""
    ckr: str = ""
    text: str = ""

    @property
    def good(self) -> bool:
        """Whether a signature came, be it right or wrong."""
        return bool(self.signature)


@dataclass(frozen=True, slots=True)
class Seen:
    """The token as GetToken showed it at some time."""

    at: float
    state: str
    reason: str
    workers_ready: int


def failed(key: str, document: bytes, began: float, ended: float, error: SignetdError) -> Outcome:
    """The outcome of a request that failed.

    The client itself names failures without ErrorInfo CONNECTION_FAILED; that is no reason given.
    """
    reason = "" if error.reason == "CONNECTION_FAILED" else error.reason
    return Outcome(key, document, began, ended, b"", reason, error.code.name, error.ckr, str(error))


@dataclass
class Record:
    """All that was observed, in the order in which it came in. Safe for threads."""

    outcomes: list[Outcome] = field(default_factory=list)
    states: list[Seen] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)  # answers that do not fit what was asked
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, outcome: Outcome) -> None:
        """Take an answer."""
        with self._lock:
            self.outcomes.append(outcome)

    def add_odd(self, text: str) -> None:
        """Take an answer that is none to its request, or is more than one."""
        with self._lock:
            self.odd.append(text)

    def see(self, seen: Seen) -> None:
        """Take a state of the token, if it is a new one."""
        with self._lock:
            last = self.states[-1] if self.states else None
            now = (seen.state, seen.workers_ready)
            if last is None or (last.state, last.workers_ready) != now:
                self.states.append(seen)

    def since(self, number: int) -> list[Outcome]:
        """The outcomes from the one of this number on."""
        with self._lock:
            return self.outcomes[number:]

    def states_since(self, time: float) -> list[Seen]:
        """The changes of state after a time."""
        with self._lock:
            return [seen for seen in self.states if seen.at >= time]

    def __len__(self) -> int:
        with self._lock:
            return len(self.outcomes)


def reasons(outcomes: list[Outcome]) -> Counter[str]:
    """Failures by reason, with the return value of PKCS#11 where there is one."""
    return Counter(
        " ".join(filter(None, (o.reason or f"(none given, {o.code})", o.ckr)))
        for o in outcomes
        if not o.good
    )
