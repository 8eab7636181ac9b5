"""Which credential a name is for, where nobody says it."""

from collections.abc import Collection

from signetd.daemon.policy.types import Credential


def credential_of(name: str, sockets: Collection[str]) -> Credential:
    """Tell by the form of *name*; *sockets* are the names that listeners give to their sockets."""
    if "://" in name:
        return Credential.URI
    if name in sockets:
        return Credential.SOCKET
    return Credential.DNS if "." in name else Credential.COMMON_NAME
