"""Where lines of the log go: what cannot be written is left out, and never an error of a call."""

import io
import os
from collections.abc import Callable
from typing import Final, TextIO

_LOST: Final = '{{"event": "lines of the log were lost", "level": "warning", "lines": {}}}\n'


class LossyOutput:
    """Writes whole lines to a stream; when that fails (a full disk, a closed pipe) drops them.

    The log tells an operator what went on, the audit is what must not be lost: so a log that cannot
    be written stops nothing. How many lines were left out is the first that is written again.
    """

    def __init__(self, stream: TextIO) -> None:
        self._put = _writer(stream)
        self.lost = 0

    def write(self, text: str) -> int:
        """Write one line, which has its end."""
        if self.lost and self._written(_LOST.format(self.lost)):
            self.lost = 0
        if not self._written(text):
            self.lost += 1
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def _written(self, text: str) -> bool:
        try:
            self._put(text.encode(errors="backslashreplace"))
        except (OSError, ValueError):  # the latter from a stream that is closed
            return False
        return True


def _writer(stream: TextIO) -> Callable[[bytes], None]:
    # Not through the stream, where it has a descriptor: its buffer would keep what failed.
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        return lambda data: _through(stream, data)
    return lambda data: _write_all(descriptor, data)


def _through(stream: TextIO, data: bytes) -> None:
    stream.write(data.decode())
    stream.flush()


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
