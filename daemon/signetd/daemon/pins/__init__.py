"""PINs: where they come from, and the guard that keeps refused ones from being sent again."""

from signetd.daemon.pins.file import PinFile
from signetd.daemon.pins.guard import StoredPinGuard
from signetd.daemon.pins.hashing import PinHasher
from signetd.daemon.pins.serials import StoredSerialBook
from signetd.daemon.pins.types import AttemptState, PinAttempt

__all__ = [
    "AttemptState",
    "PinAttempt",
    "PinFile",
    "PinHasher",
    "StoredPinGuard",
    "StoredSerialBook",
]
