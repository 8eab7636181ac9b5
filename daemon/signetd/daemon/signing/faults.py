"""Counts signatures that do not verify: a key that makes several in a row goes to quarantine."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.drivers.errors import Reason, SignetError

_DEFAULT_LIMIT: Final = 3  # of a token whose configuration says nothing


Record = Callable[[RegisteredKey, int], Awaitable[None]]


class Quarantine(Protocol):
    """Where keys are looked up, and taken out of service."""

    def get(self, key_id: str) -> RegisteredKey:
        """Return a key; raises SignetError KEY_NOT_FOUND."""
        ...

    async def quarantine(self, key_id: str, faults: int) -> RegisteredKey:
        """Stop an enabled key from signing, because of so many faulty signatures in a row."""
        ...


class FaultCounter:
    """Watches each signature being made; *limits* are the faults in a row allowed, by token.

    A count belongs to a registration as it is: enabling a key, as any change, begins a new one.
    There is at most one count for each registered key. *record* is told of each key that went to
    quarantine, with the number of its faults, and may raise SignetError.
    """

    def __init__(
        self, keys: Quarantine, limits: Mapping[str, int], record: Record | None = None
    ) -> None:
        self._keys = keys
        self._limits = limits
        self._record = record
        self._counts: dict[str, tuple[datetime, int]] = {}

    async def watch(self, key: RegisteredKey, signing: Awaitable[bytes]) -> bytes:
        """Return the signature that *signing* makes with *key*, or raise what it raises.

        A faulty one is counted, and the key put into quarantine when there were too many.
        """
        try:
            signature = await signing
        except SignetError as error:
            await self.failed(key, error)
            raise
        self.succeeded(key)
        return signature

    def succeeded(self, key: RegisteredKey) -> None:
        """Forget the faults of *key*: it has made a signature that is none."""
        if self._counts:
            self._counts.pop(key.id, None)

    async def failed(self, key: RegisteredKey, error: SignetError) -> None:
        """Count a faulty signature of *key*; too many put it into quarantine."""
        if error.reason is Reason.SIGNATURE_FAULTY:
            await self._count(key)

    async def _count(self, key: RegisteredKey) -> None:
        now = self._keys.get(key.id)
        if now.state is not KeyState.ENABLED or now.update_time != key.update_time:
            return  # Asked for before somebody changed the key: the change has dealt with it.
        since, count = self._counts.get(key.id, (key.update_time, 0))
        count = count + 1 if since == key.update_time else 1
        self._counts[key.id] = (key.update_time, count)
        if count >= self._limits.get(key.token, _DEFAULT_LIMIT):
            await self._keys.quarantine(key.id, count)
            self._counts.pop(key.id, None)
            if self._record is not None:
                await self._record(key, count)
