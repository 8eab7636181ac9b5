"""Identities as they are asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from signetd.api.v1 import access_service_pb2 as access
from signetd.client.messages import enum_number


@dataclass(frozen=True, kw_only=True)
class IdentityItem:
    """An identity as it shall be.

    ``roles`` are names such as "signer"; ``credential`` is "uri", "dns", "common-name" or "socket",
    by the form of the name when None; ``certificate_sha256`` is in hex, "" for any certificate.
    """

    name: str
    roles: tuple[str, ...] = ("signer",)
    credential: str | None = None
    certificate_sha256: str = ""
    disabled: bool = False


def identity_message(item: IdentityItem) -> access.Identity:
    """Write an identity. Raises InvalidRequest."""
    return access.Identity(
        name=item.name,
        roles=[access.Role.ValueType(role_number(role)) for role in item.roles],
        credential=access.Credential.ValueType(credential_number(item.credential)),
        certificate_sha256=item.certificate_sha256,
        disabled=item.disabled,
    )


def role_number(name: str) -> int:
    """Number of a role by its name, such as "security-admin". Raises InvalidRequest."""
    return enum_number("ROLE", name, access.Role.keys())


def credential_number(name: str | None) -> int:
    """Number of a credential by its name, such as "common-name"; 0 for None."""
    return enum_number("CREDENTIAL", name, access.Credential.keys())


def identity(
    name: str, roles: Iterable[str], credential: str | None, certificate_sha256: str
) -> access.Identity:
    """Build an identity from the names of its roles and its credential. Raises InvalidRequest."""
    return identity_message(
        IdentityItem(
            name=name,
            roles=tuple(roles),
            credential=credential,
            certificate_sha256=certificate_sha256,
        )
    )
