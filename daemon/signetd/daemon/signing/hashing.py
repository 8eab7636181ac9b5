"""Hashes a document as it arrives, in a thread where a chunk is worth it; nothing is kept."""

import asyncio
import hashlib
from typing import Final

import google_crc32c

from signetd.daemon.signing.types import DocumentEnd
from signetd.daemon.signing.validate import Checked
from signetd.drivers.algorithms import hash_name
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm
from signetd.gm import sm2, sm3

_THREAD_FROM_BYTES: Final = 64 * 1024  # Below, a thread costs more than the hash.


class DocumentHash:
    """The hash of a document so far, with the key and the signer's ID of *checked* for SM2."""

    def __init__(self, checked: Checked) -> None:
        self._hash = _begin(checked)
        self._crc = 0
        self._busy: asyncio.Future[None] | None = None
        self.size = 0

    async def take(self, chunk: bytes) -> None:
        """Hash *chunk* after the former ones; a large one may be under way still afterwards."""
        await self._idle()
        self.size += len(chunk)
        if len(chunk) < _THREAD_FROM_BYTES:
            self._update(chunk)
        else:
            loop = asyncio.get_running_loop()
            self._busy = loop.run_in_executor(None, self._update, chunk)

    async def finish(self, end: DocumentEnd) -> bytes:
        """Return the digest; raises INPUT_INVALID or INPUT_CRC_MISMATCH unless *end* is right."""
        await self._idle()
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

    async def _idle(self) -> None:
        if self._busy is not None:
            await self._busy
            self._busy = None

    def _update(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._crc = google_crc32c.extend(self._crc, chunk)


def _begin(checked: Checked) -> sm3.Sm3Hash:
    if checked.algorithm is Algorithm.SM2_SM3:
        key = sm2.Sm2PublicKey.from_spki(checked.key.spki)
        return sm2.new_message_hash(key, checked.signer_id)
    return hashlib.new(hash_name(checked.algorithm))
