"""What trust lists are kept and used with: other parts of the daemon, as far as needed here."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from signetd.daemon.audit.types import Effect, Written
from signetd.daemon.seals.types import RegisteredSeal, SealEvent
from signetd.daemon.trust.types import ImportedList
from signetd.seal import Trust

Clock = Callable[[], datetime]
"""Tells the time, with its zone."""


class Store(Protocol):
    """The lists as they are kept: state.trust_lists.TrustListStore. What is no Effect blocks."""

    def get(self, list_id: str, version: int = 0, *, whole: bool = False) -> ImportedList | None:
        """Read a version, 0 for the newest; without its content if not *whole*."""
        ...

    def newest(self) -> list[ImportedList]:
        """Read all lists by name, each in its newest version and without its content."""
        ...

    def add(self, given: ImportedList, added: list[int]) -> Effect:
        """Return what adds a version, whose number goes to *added*."""
        ...

    def retire(self, list_id: str) -> Effect:
        """Return what retires a list."""
        ...


class Recorder(Protocol):
    """Writes what the current call does into the audit."""

    async def act(self, resource: str, *effects: Effect, detail: str = "") -> Written:
        """Record an act with its effects, all or nothing; raises what an effect does."""
        ...


class Seals(Protocol):
    """The seals as they are kept; its methods block."""

    def find(self, *, sm3: str) -> RegisteredSeal | None:
        """Read one by SM3 of its data, in hex."""
        ...

    def events(self, seal: str) -> list[SealEvent]:
        """Read a seal's history, the oldest first."""
        ...


class Lists(Protocol):
    """Knows the trust lists."""

    def trust(self, list_id: str, at: datetime) -> tuple[Trust, str]:
        """Return whom a list trusts, and the resource name of its newest version; blocks."""
        ...


class Folders(Protocol):
    """Knows whom the configuration trusts."""

    def trust(self) -> Trust:
        """Return it; blocks, and raises TRUST_UNUSABLE."""
        ...
