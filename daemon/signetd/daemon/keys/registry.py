"""The registrations: kept in memory for reading, written to the store before they count."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

from signetd.daemon.keys import checks, versions
from signetd.daemon.keys.types import RegisteredKey
from signetd.drivers.errors import Reason, SignetError


class Store(Protocol):
    """Where registrations are kept; its methods block and are called in threads."""

    def add(self, key: RegisteredKey) -> None:
        """Write a new registration."""
        ...

    def update(self, key: RegisteredKey, seen: RegisteredKey) -> None:
        """Replace a registration, as its changer has seen it."""
        ...

    def all(self) -> list[RegisteredKey]:
        """Read every registration."""
        ...


class Registry:
    """Every registration, and the names that are being registered right now."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, RegisteredKey] = {}
        self._owners: dict[str, str] = {}
        self._order: list[str] = []
        self._reserved: set[str] = set()
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read the registrations from the store."""
        async with self._changing:
            keys = await asyncio.to_thread(self._store.all)
            self._keys = {key.id: key for key in keys}
            self._owners = {
                fingerprint: key.id for key in keys for fingerprint in versions.fingerprints(key)
            }
            self._order = sorted(self._keys)

    def get(self, key_id: str) -> RegisteredKey:
        """Return a registration; raises SignetError KEY_NOT_FOUND."""
        key = self._keys.get(key_id)
        if key is None:
            raise SignetError(
                Reason.KEY_NOT_FOUND,
                f"There is no key {key_id[:80]!r}. List the keys to see their names.",
            )
        return key

    def all(self) -> list[RegisteredKey]:
        """Return every registration, by name."""
        return [self._keys[name] for name in self._order]

    def page(
        self, page_size: int, page_token: str, shown: Callable[[RegisteredKey], bool]
    ) -> tuple[list[RegisteredKey], str]:
        """Return the keys that are *shown* by name, and the token of the next page, "" on the last.

        Raises INPUT_INVALID.
        """
        size = checks.check_page_size(page_size)
        first = bisect_right(self._order, checks.read_page_token(page_token))
        rest = (self._keys[name] for name in islice(self._order, first, None))
        keys = list(islice(filter(shown, rest), size + 1))
        more = len(keys) > size
        return keys[:size], checks.page_token_after(keys[size - 1].id) if more else ""

    @contextmanager
    def reserve(self, key_id: str) -> Iterator[None]:
        """Hold a free name while a key is registered under it; raises KEY_EXISTS."""
        if key_id in self._keys:
            raise SignetError(
                Reason.KEY_EXISTS,
                f"There is a key {key_id!r} already, in the state {self._keys[key_id].state}. "
                "A name is never used again; choose another key_id.",
            )
        if key_id in self._reserved:
            raise SignetError(
                Reason.KEY_EXISTS,
                f"Another request is registering a key {key_id!r} right now. Choose another "
                "key_id.",
            )
        self._reserved.add(key_id)
        try:
            yield
        finally:
            self._reserved.discard(key_id)

    async def add(self, key: RegisteredKey) -> None:
        """Write a new registration; raises KEY_EXISTS if the public key is registered already."""
        async with self._changing:
            self._check_new(key)
            await asyncio.to_thread(self._store.add, key)
            self._keys[key.id] = key
            self._owners[key.fingerprint] = key.id
            self._order.insert(bisect_right(self._order, key.id), key.id)

    async def replace(self, key: RegisteredKey, seen: RegisteredKey) -> None:
        """Write a registration in the place of the one that its changer has seen.

        Raises KEY_EXISTS if it is a new version whose public key is registered already.
        """
        async with self._changing:
            if key.version != seen.version:
                self._check_new(key)
            await asyncio.to_thread(self._store.update, key, seen)
            self._keys[key.id] = key
            self._owners[key.fingerprint] = key.id

    def _check_new(self, key: RegisteredKey) -> None:
        owner = self._owners.get(key.fingerprint)
        if owner is not None:
            raise SignetError(
                Reason.KEY_EXISTS,
                f"This public key is registered already, as the key {owner!r}. Use that one.",
                metadata={"key": owner},
            )
