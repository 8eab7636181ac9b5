"""The snapshot that counts now."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from signetd.daemon.policy.snapshot import Snapshot


class Store(Protocol):
    """Where identities, groups and grants are kept; its methods block and are called in threads."""

    def version(self) -> int:
        """Return the version that counts now."""
        ...

    def snapshot(self) -> Snapshot:
        """Read everything, as it was at one version."""
        ...


class PolicyBook:
    """Keeps the newest snapshot; to be used from one event loop.

    Until it is loaded its snapshot is empty, so nobody may do anything. *load_keys* reads the keys
    anew, which the version counts as well.
    """

    def __init__(
        self, store: Store, load_keys: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._store = store
        self._load_keys = load_keys
        self._snapshot = Snapshot()
        self._reading = asyncio.Lock()

    @property
    def snapshot(self) -> Snapshot:
        """What counts, as far as it was read."""
        return self._snapshot

    async def load(self) -> None:
        """Read everything anew; when that raises, the old snapshot stays."""
        # One after the other: else an older one could take the place of a newer one.
        async with self._reading:
            await self._read()

    async def refresh(self) -> None:
        """Read everything anew if something was changed since; raises like ``load``."""
        async with self._reading:
            version = await asyncio.to_thread(self._store.version)
            if version != self._snapshot.version:
                await self._read()

    async def _read(self) -> None:
        snapshot = await asyncio.to_thread(self._store.snapshot)
        # Before the snapshot counts: a signature that is decided by its version is released, and
        # must not have been decided by a key as it was before.
        if self._load_keys is not None:
            await self._load_keys()
        self._snapshot = snapshot
