"""SM3 (GB/T 32905), from Python's hashlib where it has it, else from cryptography."""

import hashlib
from typing import Final, Protocol, Self

from cryptography.hazmat.primitives import hashes


class Sm3Hash(Protocol):
    """A running SM3."""

    def update(self, data: bytes, /) -> None:
        """Absorb *data*."""

    def digest(self) -> bytes:
        """Return the 32 bytes of the digest."""

    def copy(self) -> Self:
        """Return an independent copy of the state."""


class _CryptographySm3:
    def __init__(self, state: hashes.Hash | None = None) -> None:
        self._state = state or hashes.Hash(hashes.SM3())

    def update(self, data: bytes, /) -> None:
        self._state.update(data)

    def digest(self) -> bytes:
        return self._state.copy().finalize()

    def copy(self) -> "_CryptographySm3":
        return _CryptographySm3(self._state.copy())


_IN_HASHLIB: Final = "sm3" in hashlib.algorithms_available


def new(data: bytes = b"") -> Sm3Hash:
    """Begin an SM3 with *data*."""
    if _IN_HASHLIB:
        return hashlib.new("sm3", data)
    state = _CryptographySm3()
    state.update(data)
    return state


def sm3(data: bytes) -> bytes:
    """Return the SM3 of *data*, 32 bytes."""
    return new(data).digest()
