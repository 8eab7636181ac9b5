"""A client of HTTP/2 that does only what a test tells it to: it never reads, and finishes nothing.

Frames are written as RFC 9113 has them, header fields literally and without Huffman's code
(RFC 7541, 6.2.2).
"""

import asyncio
import struct
from types import TracebackType
from typing import Self

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS, _ACK, _END_STREAM, _END_HEADERS = 0, 1, 4, 1, 1, 4
_FRAME_HEADER = 9


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload


def _text(value: str) -> bytes:
    raw = value.encode()
    assert len(raw) < 127, "a longer one has its length in more than a byte"
    return bytes([len(raw)]) + raw


def _headers(path: str) -> bytes:
    others = {"te": "trailers", "content-type": "application/grpc"}
    fields = b"".join(b"\x00" + _text(name) + _text(value) for name, value in others.items())
    # POST, http, :path and :authority by their places in the static table.
    return b"\x83\x86\x04" + _text(path) + b"\x01" + _text("localhost") + fields


class RawClient:
    """One connection to a Unix socket; the receive windows stay as small as they begin: 64 KiB."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_unix_connection(self._path)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.writer.close()

    async def greet(self) -> None:
        """Finish HTTP/2's handshake."""
        self.writer.write(PREFACE + _frame(_SETTINGS, 0, 0))
        await self.frame(_SETTINGS, 0)
        self.writer.write(_frame(_SETTINGS, _ACK, 0))

    async def call(self, path: str, body: bytes, length: int | None = None) -> None:
        """Send a request; with a *length* that *body* does not have, it stays half a request."""
        whole = length is None
        size = len(body) if length is None else length
        message = b"\0" + size.to_bytes(4) + body
        self.writer.write(_frame(_HEADERS, _END_HEADERS, 1, _headers(path)))
        for start in range(0, len(message), 1 << 14):
            last = whole and start + (1 << 14) >= len(message)
            chunk = message[start : start + (1 << 14)]
            self.writer.write(_frame(_DATA, _END_STREAM if last else 0, 1, chunk))
        await self.writer.drain()

    async def frame(self, wanted: int, stream: int) -> bytes:
        """Read frames up to one of a kind on a stream; return what it holds."""
        while True:
            head = await self.reader.readexactly(_FRAME_HEADER)
            payload = await self.reader.readexactly(int.from_bytes(head[:3]))
            if head[3] == wanted and int.from_bytes(head[5:]) == stream:
                return payload

    async def answer(self) -> bytes:
        """Read the header fields with which the answer begins, or with which it is refused."""
        return await self.frame(_HEADERS, 1)

    async def closed(self) -> None:
        """Wait until the other side has closed the connection."""
        try:
            while await self.reader.read(1 << 16):
                continue
        except ConnectionResetError:
            return
