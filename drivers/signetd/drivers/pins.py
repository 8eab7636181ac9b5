"""What a token's workers ask of the daemon before they present a PIN.

Every token locks itself after a few wrong PINs, some for good. So what was presented is written
down before it is presented, and a PIN that was refused is never presented again by itself.
"""

from typing import Protocol

from signetd.drivers.types import Pin


class PinSource(Protocol):
    """Where a PIN comes from without an administrator, such as a file."""

    async def read(self) -> Pin:
        """Return the PIN. Raises SignetError(PIN_INVALID)."""
        ...


class PinGuard(Protocol):
    """Remembers, across restarts, which PINs tokens have refused. Keyed by the token's serial."""

    async def begin(self, serial: str, pin: Pin, *, by_itself: bool) -> None:
        """Write down that *pin* is about to be presented.

        *by_itself*: nobody asked for it just now. Raises SignetError(PIN_BLOCKED) then for a PIN
        that was refused before, or of which it is not known. An administrator's PIN is never
        refused here, and clears what is known of the token once it is ``accepted``; its refusal
        clears nothing. When this raises, the PIN must not be presented.
        """
        ...

    async def accepted(self, serial: str) -> None:
        """Forget all refusals of this token: a PIN was right."""
        ...

    async def refused(self, serial: str, pin: Pin, why: str) -> None:
        """Write down that the token has, or may have, counted *pin* as wrong."""
        ...

    async def not_presented(self, serial: str, pin: Pin) -> None:
        """Undo ``begin``: the token was not asked after all, and has counted nothing."""
        ...


class SerialBook(Protocol):
    """Remembers, across restarts, which token a name of the configuration stands for."""

    async def serial(self, name: str) -> str:
        """Return the serial of the token that was first unlocked under *name*; "" if none was."""
        ...

    async def bind(self, name: str, serial: str) -> None:
        """Remember *serial* for *name*, in place of any other."""
        ...
