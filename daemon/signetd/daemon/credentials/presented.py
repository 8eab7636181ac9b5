"""What a caller has shown of itself, and who finds that out."""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from signetd.daemon.policy.types import Credential

AuthContext = Mapping[str, Iterable[bytes]]
"""What the transport knows of the peer, as gRPC reports it."""


class Presented(msgspec.Struct, frozen=True, kw_only=True):
    """The name that a caller goes by, and how it was shown.

    The same name by another credential is another caller: a CA that lets its clients choose their
    common names must not give them the identities of sockets or URIs. ``certificate_sha256`` is
    that of the certificate's DER in lower-case hex, "" for a socket.
    """

    name: str
    credential: Credential
    certificate_sha256: str = ""


class IdentitySource(Protocol):
    """How a listener learns who is calling."""

    def present(self, auth_context: AuthContext) -> Presented:
        """Tell who is calling at this moment; asked anew for every call of a connection.

        Raises SignetError IDENTITY_MISSING, CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED or
        REVOCATION_UNKNOWN; the last three have the name in their metadata, as `presented`.
        """
        ...


class SocketIdentity:
    """Every caller is the identity that the configuration gives to a Unix socket."""

    def __init__(self, name: str) -> None:
        self._presented = Presented(name=name, credential=Credential.SOCKET)

    def present(self, auth_context: AuthContext) -> Presented:
        """Tell who is calling: whoever could open the socket is this identity."""
        return self._presented
