"""PINs from files: a secret of an administrator's, or a credential of the service manager's."""

import asyncio
from pathlib import Path
from typing import Final

from signetd.daemon.config import SecretTextError, read_secret_text
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin

_MAX_PIN_BYTES: Final = 255


class PinFile:
    """Implements drivers.pins.PinSource: the PIN is read anew each time, so it can be changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self) -> Pin:
        """Return the PIN in the file. Raises what ``read_pin`` raises."""
        return await asyncio.to_thread(read_pin, self._path)


def read_pin(path: Path) -> Pin:
    """Read the PIN in a file: its text without one closing line end. Blocks.

    Raises SignetError PIN_INVALID when the file cannot be read, is open to others, or holds
    nothing or too much.
    """
    try:
        return Pin(read_secret_text(path, "PIN", _MAX_PIN_BYTES))
    except SecretTextError as error:
        raise SignetError(Reason.PIN_INVALID, str(error)) from None
