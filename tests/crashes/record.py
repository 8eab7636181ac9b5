"""What clients asked for, and what they were answered, while daemons were killed."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from signetd.client import SignetdError

AS_GOOD_AS_SILENCE = "AUDIT_UNAVAILABLE"
"""Whether the signature is in the chain is not known then, as with a connection that breaks."""


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
        reason = "" if error.reason == "CONNECTION_FAILED" else error.reason
        with self._lock:
            self.failures[reason or "(the connection was lost, or there was none)"] += 1
            if reason and reason != AS_GOOD_AS_SILENCE:
                self.refused.append(Refused(asked, reason))
            else:
                self.unanswered.append(asked)

    def add_odd(self, text: str) -> None:
        """Take something that must not be."""
        with self._lock:
            self.odd.append(text)
