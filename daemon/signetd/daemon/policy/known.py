"""Decisions that were made before and still hold."""

from typing import Final

from signetd.daemon.keys.types import RegisteredKey
from signetd.daemon.policy.evaluate import Decision
from signetd.daemon.policy.snapshot import Snapshot
from signetd.drivers.types import Algorithm

MAX_KNOWN: Final = 16_384
"""How many are kept; when there are as many, all are forgotten."""
Asked = tuple[str, str, Algorithm | None, bool]
"""The identity, the key, the algorithm that was asked for, and whether a digest was given."""


class KnownDecisions:
    """What was decided by the snapshot that counts now; another one makes it forget all."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._kept: dict[Asked, tuple[RegisteredKey, Decision]] = {}

    def get(self, snapshot: Snapshot, asked: Asked) -> tuple[RegisteredKey, Decision] | None:
        """Return what was decided by *snapshot*, with the key as it was then."""
        if snapshot is not self._snapshot:
            self._snapshot = snapshot
            self._kept.clear()
        return self._kept.get(asked)

    def keep(self, asked: Asked, found: tuple[RegisteredKey, Decision]) -> None:
        """Keep what was decided by the snapshot of the last `get`."""
        if len(self._kept) >= MAX_KNOWN:
            self._kept.clear()
        self._kept[asked] = found
