"""How the callers of a listener are known: by its socket, or by certificates and its lists."""

from signetd.daemon.config import Listener, UnixListener
from signetd.daemon.credentials import (
    Authorities,
    CertificateIdentity,
    Clock,
    CrlFile,
    IdentitySource,
    SocketIdentity,
)
from signetd.daemon.errors import StartError


def read_crl(listener: Listener, clock: Clock) -> CrlFile | None:
    """Read the revocation lists of a listener, None if it has none; raises StartError."""
    if isinstance(listener, UnixListener) or listener.client_crl is None:
        return None
    try:
        authorities = Authorities.read(listener.client_ca.read_bytes())
    except OSError as error:
        raise StartError(f"{listener.client_ca} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise StartError(f"{listener.client_ca} has no CA certificates in PEM.") from None
    return CrlFile(listener.client_crl, authorities, clock)


def identity_source(listener: Listener, crl: CrlFile | None, clock: Clock) -> IdentitySource:
    """Return who tells the callers of a listener apart."""
    if isinstance(listener, UnixListener):
        return SocketIdentity(listener.identity)
    return CertificateIdentity(crl, clock)
