"""How callers show who they are: by the socket that they use, or by a certificate, whose dates and
revocation are looked at in every call."""

from signetd.daemon.credentials.authorities import Authorities
from signetd.daemon.credentials.certificate import CertificateIdentity
from signetd.daemon.credentials.crl_file import CrlFile
from signetd.daemon.credentials.presented import (
    AuthContext,
    IdentitySource,
    Presented,
    SocketIdentity,
)
from signetd.daemon.credentials.times import Clock, utc_now

__all__ = [
    "AuthContext",
    "Authorities",
    "CertificateIdentity",
    "Clock",
    "CrlFile",
    "IdentitySource",
    "Presented",
    "SocketIdentity",
    "utc_now",
]
