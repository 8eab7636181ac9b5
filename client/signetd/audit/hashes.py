"""The hashes of the last records, so that a checkpoint can be compared with what it covers."""

from typing import Final

KEPT: Final = 1 << 18
"""Records; a checkpoint stands behind what it covers by the time that its signature took."""
_SIZE: Final = 32


class RecentHashes:
    """Keeps the hashes of records whose numbers follow on each other, the newest *kept* of them."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._bytes = bytearray()
        self._first = self._next = 0

    def put(self, number: int, hash_: bytes) -> None:
        """Keep the hash of a record; after a gap, those before it are forgotten."""
        if number != self._next:
            self._bytes.clear()
            self._first = number
        self._next = number + 1
        index = number % self._kept * _SIZE
        if len(self._bytes) < self._kept * _SIZE:
            self._bytes += bytes(max(0, index + _SIZE - len(self._bytes)))
        self._bytes[index : index + _SIZE] = hash_
        self._first = max(self._first, self._next - self._kept)

    def get(self, number: int) -> bytes | None:
        """Return the hash of a record; None if it is not kept."""
        if not self._first <= number < self._next:
            return None
        index = number % self._kept * _SIZE
        return bytes(self._bytes[index : index + _SIZE])
