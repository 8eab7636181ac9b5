"""State: what the daemon remembers across restarts. Nothing secret is in it."""

from signetd.daemon.state.database import Database, open_database
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.keys import KeyStore

__all__ = ["Database", "KeyStore", "StateError", "open_database"]
