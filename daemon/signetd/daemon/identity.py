"""Who a caller is: the identity that a listener or a client certificate gives, and its roles."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol

import msgspec
from cryptography import x509
from cryptography.x509.oid import NameOID

from signetd.daemon.config import Identity, Role
from signetd.drivers.errors import Reason, SignetError

AuthContext = Mapping[str, Iterable[bytes]]
"""What the transport knows of the peer, as gRPC reports it."""

_CERTIFICATE = "x509_pem_cert"


class Caller(msgspec.Struct, frozen=True):
    """A caller with a name and the roles that the configuration gives to it."""

    name: str
    roles: frozenset[Role]

    def require(self, allowed: frozenset[Role]) -> None:
        """Raise PERMISSION_DENIED unless one of the caller's roles is in *allowed*."""
        if not self.roles & allowed:
            wanted = " or ".join(sorted(allowed))
            raise SignetError(
                Reason.PERMISSION_DENIED,
                f"The identity {self.name!r} may not do this: it needs the role {wanted}.",
            )


class IdentitySource(Protocol):
    """How a listener learns the name of a caller."""

    def name(self, auth_context: AuthContext) -> str:
        """Name the caller; raises SignetError IDENTITY_MISSING."""
        ...


class SocketIdentity:
    """Every caller is the identity that the configuration gives to a Unix socket."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self, auth_context: AuthContext) -> str:
        """Name the caller; whoever could open the socket is this identity."""
        return self._name


class CertificateIdentity:
    """A caller is whom its certificate names: SAN URI, else SAN DNS name, else common name."""

    def name(self, auth_context: AuthContext) -> str:
        """Name the caller by the certificate that the TLS handshake has verified."""
        pem = next(iter(auth_context.get(_CERTIFICATE, ())), b"")
        if not pem:
            raise SignetError(
                Reason.IDENTITY_MISSING, "No client certificate was presented; connect with one."
            )
        return name_in_certificate(pem)


@lru_cache(maxsize=1024)
def name_in_certificate(pem: bytes) -> str:
    """Return the name that a certificate (PEM) gives to its holder.

    Two names of the deciding kind would leave open who is calling, so they are refused; raises
    SignetError IDENTITY_MISSING.
    """
    try:
        kinds = _names(x509.load_pem_x509_certificate(pem))
    except ValueError:
        raise SignetError(
            Reason.IDENTITY_MISSING, "The client certificate cannot be read; get a valid one."
        ) from None
    for kind, names in kinds.items():
        if len(names) == 1 and names[0]:
            return names[0]
        if names:
            raise SignetError(
                Reason.IDENTITY_MISSING,
                f"The client certificate has {len(names)} names of the kind {kind}, or an empty "
                f"one, so its identity is not clear; use one with a single {kind}.",
            )
    raise SignetError(
        Reason.IDENTITY_MISSING,
        "The client certificate has no SAN URI, SAN DNS name or common name; use one that has.",
    )


def _names(certificate: x509.Certificate) -> dict[str, list[str]]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        alternative = list(extension.value)
    except x509.ExtensionNotFound:
        alternative = []
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return {
        "SAN URI": _of_kind(alternative, x509.UniformResourceIdentifier),
        "SAN DNS name": _of_kind(alternative, x509.DNSName),
        "common name": [str(attribute.value) for attribute in common],
    }


def _of_kind(
    names: list[x509.GeneralName],
    kind: type[x509.UniformResourceIdentifier] | type[x509.DNSName],
) -> list[str]:
    return [name.value for name in names if isinstance(name, kind)]


class Identities:
    """The identities of the configuration; whoever is not among them may do nothing."""

    def __init__(self, identities: Iterable[Identity]) -> None:
        self._roles = {identity.name: identity.roles for identity in identities}

    def caller(self, name: str) -> Caller:
        """Return the caller of that name; raises SignetError PERMISSION_DENIED."""
        roles = self._roles.get(name)
        if roles is None:
            raise SignetError(
                Reason.PERMISSION_DENIED,
                f"The identity {name[:255]!r} is not in the configuration; an administrator can "
                "add an [[identity]] with this name.",
            )
        return Caller(name, roles)
