"""Reads a secret of one line, such as a PIN or a password, from a file that is closed to others."""

import os
import stat
from pathlib import Path

from signetd.daemon.config.secret_file import exposure


class SecretTextError(Exception):
    """The file cannot be used; the message is a sentence that shows nothing of its content."""


def read_secret_text(path: Path, kind: str, most: int) -> str:
    """Return the text of a file without one closing line end; blocks.

    It must be a regular file of one line of 1 to *most* bytes of UTF-8. *kind* is what it holds, in
    messages: `PIN`. Raises SecretTextError when it is not that, cannot be read, or is open to
    others.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SecretTextError(f"The {kind} file {path} is not a regular file.")
            exposed = exposure(path, file.fileno())
            content = file.read(most + 3)
    except OSError as error:
        raise SecretTextError(f"The {kind} file {path} cannot be read: {error.strerror}.") from None
    if exposed:
        raise SecretTextError(f"The {kind} file {path} {exposed}.")
    text = _line(content, most)
    if not text:
        raise SecretTextError(
            f"The {kind} file {path} must hold one line of 1 to {most} bytes of UTF-8."
        )
    return text


def _open(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a FIFO that was put in the file's place would hang.
    return os.open(path, flags | os.O_NONBLOCK)


def _line(content: bytes, most: int) -> str:
    """Return the one line that *content* is, "" if it is something else."""
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    return "" if len(content) > most or set(text) & set("\n\r\0") else text
