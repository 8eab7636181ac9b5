"""PINs from files: a secret of an administrator's, or a credential of the service manager's."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Final

from signetd.daemon.config import exposure
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
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SignetError(Reason.PIN_INVALID, f"The PIN file {path} is not a regular file.")
            exposed = exposure(path, file.fileno())
            content = file.read(_MAX_PIN_BYTES + 3)
    except OSError as error:
        raise SignetError(
            Reason.PIN_INVALID, f"The PIN file {path} cannot be read: {error.strerror}."
        ) from None
    if exposed:
        raise SignetError(Reason.PIN_INVALID, f"The PIN file {path} {exposed}.")
    return Pin(_pin_text(content, path))


def _open(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a FIFO that was put in the file's place would hang.
    return os.open(path, flags | os.O_NONBLOCK)


def _pin_text(content: bytes, path: Path) -> str:
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > _MAX_PIN_BYTES or set(text) & set("\n\r\0"):
        raise SignetError(
            Reason.PIN_INVALID,
            f"The PIN file {path} must hold one line of 1 to {_MAX_PIN_BYTES} bytes of UTF-8.",
        )
    return text
