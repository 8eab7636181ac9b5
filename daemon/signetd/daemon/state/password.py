"""The password of the database, from a file that is closed to others."""

import os
import stat
from pathlib import Path
from typing import Final

from signetd.daemon.config import exposure
from signetd.daemon.state.errors import StateError

_MAX_BYTES: Final = 1024


def read_password(path: Path) -> str:
    """Return the text of a file without one closing line end.

    Raises StateError when it cannot be read, is open to others, or holds nothing or too much.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            exposed = exposure(path, file.fileno())
            content = file.read(_MAX_BYTES + 3) if regular else b""
    except OSError as error:
        raise StateError(f"The password file {path} cannot be read: {error.strerror}.") from None
    if exposed:
        raise StateError(f"The password file {path} {exposed}.")
    return _text(content, path)


def _open(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a FIFO that was put in the file's place would hang.
    return os.open(path, flags | os.O_NONBLOCK)


def _text(content: bytes, path: Path) -> str:
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or len(content) > _MAX_BYTES or set(text) & set("\n\r\0"):
        raise StateError(
            f"The password file {path} must hold one line of 1 to {_MAX_BYTES} bytes of UTF-8."
        )
    return text
