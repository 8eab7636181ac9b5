"""Keys: what is registered, and the life of a registration."""

from signetd.daemon.keys.manager import KeyManager
from signetd.daemon.keys.types import KeyOrigin, KeyState, RegisteredKey

__all__ = ["KeyManager", "KeyOrigin", "KeyState", "RegisteredKey"]
