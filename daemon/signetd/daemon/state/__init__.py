"""State: what the daemon remembers across restarts. Nothing secret is in it."""

from signetd.daemon.state.database import open_database
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.store import KeyStore

__all__ = ["KeyStore", "StateError", "open_database"]
