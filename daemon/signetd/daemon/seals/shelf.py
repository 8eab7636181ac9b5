"""Seals that were read a while ago, so that not every stamp reads and takes apart a whole one."""

import asyncio
from collections import OrderedDict
from typing import Final

from signetd.daemon.seals.parts import Store
from signetd.daemon.seals.types import RegisteredSeal
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Seal, SealError, parse_seal

MOST_BYTES: Final = 64 << 20
"""Of the data of all seals that are kept; what was used least recently goes first."""


class SealShelf:
    """Keeps the data of seals by their digest; what has a digest never changes."""

    def __init__(self, store: Store, most_bytes: int = MOST_BYTES) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._bytes = 0
        self._seals: OrderedDict[str, Seal] = OrderedDict()

    async def get(self, seen: RegisteredSeal) -> Seal:
        """Return the seal that has the data of *seen*; raises SEAL_NOT_FOUND, SEAL_INVALID."""
        found = self._seals.get(seen.sm3)
        if found is not None:
            self._seals.move_to_end(seen.sm3)
            return found
        found = await asyncio.to_thread(self._read, seen)
        self._keep(seen.sm3, found)
        return found

    def _read(self, seen: RegisteredSeal) -> Seal:
        whole = self._store.get(seen.id)
        if whole is None or whole.sm3 != seen.sm3:
            raise SignetError(Reason.SEAL_NOT_FOUND, f"There is no seal {seen.id!r} any more.")
        try:
            return parse_seal(whole.der)
        except SealError as error:
            raise SignetError(
                Reason.SEAL_INVALID, f"The data of the seal {seen.id!r} cannot be read: {error}."
            ) from None

    def _keep(self, sm3: str, seal: Seal) -> None:
        if sm3 in self._seals:
            return
        self._seals[sm3] = seal
        self._bytes += len(seal.der)
        while self._bytes > self._most_bytes and len(self._seals) > 1:
            _, dropped = self._seals.popitem(last=False)
            self._bytes -= len(dropped.der)
