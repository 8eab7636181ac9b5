"""What clients asked for, and what they were answered, while daemons were killed."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from signetd.client import SignetdError

AS_GOOD_AS_SILENCE = "AUDIT_UNAVAILABLE"
"""Whether the signature is in the chain is not known then, as with a connection that breaks."""
_NONE = "(the connection was lost, or there was none)"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for one signature; *digest* is that of the document, as records have it."""

    daemon: str
    key: str
    identity: str
    document: bytes
    digest: str
    approval: str = ""

    @property
    def what(self) -> tuple[str, str]:
        """What a record tells of it: the resource and the digest."""
        return f"keys/{self.key}", self.digest


@dataclass(frozen=True, slots=True)
class Received:
    """A signature that came, with the number of its record."""

    asked: Asked
    number: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was answered with a reason."""

    asked: Asked
    reason: str


@dataclass
class Record:
    """All answers, in the order in which they came. Safe for threads."""

    received: list[Received] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unanswered: list[Asked] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    failed_acts: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Signatures received, by daemon."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def receive(self, asked: Asked, number: int, signature: bytes) -> None:
        """Take a signature."""
        with self._lock:
            self.received.append(Received(asked, number, signature))
            self.counts[asked.daemon] += 1

    def fail(self, asked: Asked, error: SignetdError) -> None:
        """Take a failure; with AUDIT_UNAVAILABLE it is one of unknown outcome."""
        reason = _reason(error)
        with self._lock:
            self.failures[reason or _NONE] += 1
            self._note_unforeseen(error)
            if reason and reason != AS_GOOD_AS_SILENCE:
                self.refused.append(Refused(asked, reason))
            else:
                self.unanswered.append(asked)

    def fail_act(self, error: SignetdError) -> None:
        """Take a failure of what an administrator did."""
        with self._lock:
            self.failed_acts[_reason(error) or _NONE] += 1
            self._note_unforeseen(error)

    def _note_unforeseen(self, error: SignetdError) -> None:
        if error.message.startswith("Internal error"):
            self.odd.append(f"an error that nobody foresaw: {error}")

    def add_odd(self, text: str) -> None:
        """Take something that must not be."""
        with self._lock:
            self.odd.append(text)


def _reason(error: SignetdError) -> str:
    """The daemon's reason; the client itself names failures without one CONNECTION_FAILED."""
    return "" if error.reason == "CONNECTION_FAILED" else error.reason
