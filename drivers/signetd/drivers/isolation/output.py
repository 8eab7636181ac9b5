"""What a module prints, logged line by line: bounded, rate-limited, without PINs."""

import asyncio
import logging
import time
from typing import Final

_log = logging.getLogger("signetd.worker")
_CHUNK_BYTES: Final = 16 << 10
_LINE_BYTES: Final = 500  # what is longer is cut
_BURST_LINES: Final = 50
_LINES_PER_SECOND: Final = 10.0
_HIDDEN: Final = b"[PIN]"


class OutputLog:
    """Reads the standard output and error of one worker, for as long as it lives."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._secrets: set[bytes] = set()
        self._line = b""
        self._allowance = float(_BURST_LINES)
        self._filled = time.monotonic()
        self._left_out = 0

    def hide(self, secret: str) -> None:
        """Never log this text: a module may print the PIN that it was given."""
        self._secrets.add(secret.encode())

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Read to the end, or until cancelled. Lines beyond the rate are counted, not logged."""
        try:
            await self._read(stream)
        finally:
            if self._line:
                self._take(self._line)
            self._tell_left_out()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while chunk := await stream.read(_CHUNK_BYTES):
            *lines, self._line = (self._line + chunk).split(b"\n")
            for line in lines:
                self._take(line)
            if len(self._line) > _CHUNK_BYTES:  # it never ends: its beginning says enough
                self._take(self._line)
                self._line = b""

    def _take(self, line: bytes) -> None:
        if not self._may_log():
            self._left_out += 1
            return
        self._tell_left_out()
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        text = line[:_LINE_BYTES].decode(errors="replace").rstrip()
        _log.warning("worker %s printed: %s", self._name, text)

    def _may_log(self) -> bool:
        now = time.monotonic()
        refilled = self._allowance + (now - self._filled) * _LINES_PER_SECOND
        self._allowance, self._filled = min(refilled, _BURST_LINES), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _tell_left_out(self) -> None:
        if self._left_out:
            _log.warning("worker %s printed %d lines more", self._name, self._left_out)
            self._left_out = 0
