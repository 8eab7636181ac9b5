"""Which token a name of the configuration stands for, remembered across restarts."""

import asyncio
from typing import Protocol


class Bindings(Protocol):
    """Where serials are kept by name; its methods block and are called in threads."""

    def serial(self, name: str) -> str:
        """Return the serial of *name*, "" if there is none. Raises SignetError INTERNAL."""
        ...

    def bind(self, name: str, serial: str) -> None:
        """Keep *serial* for *name*. Raises SignetError INTERNAL."""
        ...


class StoredSerialBook:
    """Implements drivers.pins.SerialBook on a database."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings

    async def serial(self, name: str) -> str:
        """Return the serial of the token that was first unlocked under *name*; "" if none was.

        Raises SignetError INTERNAL when the database cannot be read.
        """
        return await asyncio.to_thread(self._bindings.serial, name)

    async def bind(self, name: str, serial: str) -> None:
        """Remember *serial* for *name*; SignetError INTERNAL when that cannot be written."""
        await asyncio.to_thread(self._bindings.bind, name, serial)
