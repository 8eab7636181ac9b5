"""State: what the daemon remembers across restarts. Nothing secret is in the database."""

from signetd.daemon.state.approvals import ApprovalStore
from signetd.daemon.state.database import Database, open_database
from signetd.daemon.state.errors import StateError
from signetd.daemon.state.keys import KeyStore
from signetd.daemon.state.pin_attempts import PinAttemptStore
from signetd.daemon.state.token_bindings import TokenBindingStore

__all__ = [
    "ApprovalStore",
    "Database",
    "KeyStore",
    "PinAttemptStore",
    "StateError",
    "TokenBindingStore",
    "open_database",
]
