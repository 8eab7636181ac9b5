"""Hashes a document as it arrives, in a thread where a chunk is worth it; nothing is kept."""

import asyncio
import hashlib
from collections import deque
from typing import Final

import google_crc32c

from signetd.daemon.signing.types import DocumentEnd
from signetd.daemon.signing.validate import Checked
from signetd.drivers.algorithms import hash_name
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm
from signetd.gm import sm2, sm3

_THREAD_FROM_BYTES: Final = 64 * 1024  # Below, a thread costs more than the hash.
_AHEAD: Final = 1  # chunk that waits while another is hashed, so that the thread need not


class DocumentHash:
    """The hash of a document so far, with the key and the signer's ID of *checked* for SM2.

    A thread hashes what waits, one chunk after the other, while the next ones are read.
    """

    def __init__(self, checked: Checked) -> None:
        self._hash = _begin(checked)
        self._crc = 0
        self._waiting: deque[bytes] = deque()
        self._work: asyncio.Future[None] | None = None
        self._progress = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.size = 0

    async def take(self, chunk: bytes) -> None:
        """Hash *chunk* after the former ones; it and the one before may be under way afterwards."""
        self.size += len(chunk)
        if len(chunk) < _THREAD_FROM_BYTES:
            await self._until_waiting(0)
            self._update(chunk)
            return
        self._waiting.append(chunk)
        await self._until_waiting(_AHEAD)

    async def finish(self, end: DocumentEnd) -> bytes:
        """Return the digest; raises INPUT_INVALID or INPUT_CRC_MISMATCH unless *end* is right."""
        await self._until_waiting(0)
        if end.size is not None and end.size != self.size:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"end.document_bytes is {end.size}, and {self.size} bytes arrived: the document "
                "was altered on its way. Send it again.",
            )
        if end.crc32c is not None and end.crc32c != self._crc:
            raise SignetError(
                Reason.INPUT_CRC_MISMATCH,
                "end.document_crc32c is not the CRC32C of the document that arrived: it was "
                "altered on its way, or the checksum is not CRC32C (Castagnoli). Send it again.",
            )
        return self._hash.digest()

    async def _until_waiting(self, chunks: int) -> None:
        """Have a thread work until so few wait; with 0, until it has ended, and none waits."""
        while len(self._waiting) > chunks or (not chunks and self._work is not None):
            self._progress.clear()
            self._start()
            if self._work is None:
                return
            await self._progress.wait()
        self._start()

    def _start(self) -> None:
        """Have a thread work if something waits and none is at it; raises what went wrong there."""
        if self._work is not None and self._work.done():
            ended, self._work = self._work, None
            ended.result()
        if self._work is None and self._waiting:
            self._work = self._loop.run_in_executor(None, self._hash_waiting)
            self._work.add_done_callback(lambda _: self._progress.set())

    def _hash_waiting(self) -> None:
        while self._waiting:
            self._update(self._waiting.popleft())
            self._loop.call_soon_threadsafe(self._progress.set)

    def _update(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._crc = google_crc32c.extend(self._crc, chunk)


def _begin(checked: Checked) -> sm3.Sm3Hash:
    if checked.algorithm is Algorithm.SM2_SM3:
        key = sm2.Sm2PublicKey.from_spki(checked.key.spki)
        return sm2.new_message_hash(key, checked.signer_id)
    return hashlib.new(hash_name(checked.algorithm))
