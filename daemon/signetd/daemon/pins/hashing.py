"""Hashes of PINs, to know one again without keeping it.

A refused PIN is worth protecting: it is often the right one with a slip of the finger, or the
right one of another token. PINs are short, so a plain hash of one is undone by trying them all.
Hence scrypt, with a salt of the token's serial and a random key that lies in a file beside the
database: a copy of the database alone allows no guessing at all, and one of both only slowly.

Each hash begins with a name of its key. If the key file is lost or replaced, PINs can no longer
be compared with those hashed before; their records are then known to be of another key, and the
ledger takes every PIN for one of them until an administrator unlocks the token.
"""

import hashlib
from typing import Final

from signetd.drivers.types import Pin

KEY_BYTES: Final = 32
_COST: Final = 2**14  # with r = 8: 16 MiB and about 30 ms, below OpenSSL's limit of 32 MiB
_BLOCK: Final = 8
_NAME_BYTES: Final = 8


class PinHasher:
    """Hashes PINs with one key of KEY_BYTES bytes; `cost` is scrypt's n."""

    def __init__(self, key: bytes, cost: int = _COST) -> None:
        self._key = key
        self._cost = cost
        # The parameters are in the name: with others, too, hashes could not be compared.
        label = f"signetd pin guard, scrypt {cost} {_BLOCK}\0".encode()
        self._name = hashlib.sha256(label + key).digest()[:_NAME_BYTES].hex()

    def hash(self, serial: str, pin: Pin) -> str:
        """Hash *pin* for the token with this serial. Takes a while: call it in a thread."""
        # The key has a fixed length, so that no two pairs of key and serial make the same salt.
        digest = hashlib.scrypt(
            pin.reveal().encode(),
            salt=self._key + serial.encode(),
            n=self._cost,
            r=_BLOCK,
            p=1,
            dklen=32,
        )
        return f"{self._name}:{digest.hex()}"


def same_key(one: str, other: str) -> bool:
    """Whether two hashes were made with the same key, and so can be compared."""
    return one.partition(":")[0] == other.partition(":")[0]
