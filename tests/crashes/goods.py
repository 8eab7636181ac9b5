"""What there is to be used in a run, each with how often it may be: keys, grants, approvals."""

import threading
from dataclasses import dataclass, field
from typing import Final

from signetd.client import SignItem

CAPPED_USES: Final = 40
"""Signatures that a key with a limit in all may make."""
MINUTE_USES: Final = 60
"""Signatures a minute of the key with such a limit."""
GRANT_USES: Final = 30
"""Signatures in all by one grant."""
RECENT: Final = 3
"""Keys with a limit that clients still try: the newest."""
PLAIN, MINUTE, APPROVED, AUDIT = "plain", "minute", "approved", "audit"


@dataclass(frozen=True)
class Approval:
    """One that was given, and the request that it is for."""

    name: str
    item: SignItem


@dataclass
class Goods:
    """Only what a daemon has acknowledged is here. Safe for threads."""

    capped: list[str] = field(default_factory=list)
    grants: list[str] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add_capped(self, key: str) -> None:
        """Offer a key of which CAPPED_USES signatures may be made."""
        with self._lock:
            self.capped.append(key)

    def add_grant(self, name: str) -> None:
        """Remember a grant of GRANT_USES signatures."""
        with self._lock:
            self.grants.append(name)

    def add_approval(self, approval: Approval) -> None:
        """Offer an approval."""
        with self._lock:
            self.approvals.append(approval)

    def recent_capped(self) -> list[str]:
        """The newest keys with a limit."""
        with self._lock:
            return self.capped[-RECENT:]

    def all_approvals(self) -> list[Approval]:
        """All approvals, the newest last."""
        with self._lock:
            return list(self.approvals)
