"""Identities, roles and credentials by their names."""

from collections.abc import Iterable

from signetd.api.v1 import access_service_pb2 as access
from signetd.client.messages import number


def role_number(name: str) -> int:
    """Number of a role by its name, such as "security-admin". Raises InvalidRequest."""
    return number("ROLE", name, access.Role.keys())


def credential_number(name: str | None) -> int:
    """Number of a credential by its name, such as "common-name"; 0 for None."""
    return number("CREDENTIAL", name, access.Credential.keys())


def identity(
    name: str, roles: Iterable[str], credential: str | None, certificate_sha256: str
) -> access.Identity:
    """Build an identity from the names of its roles and its credential. Raises InvalidRequest."""
    return access.Identity(
        name=name,
        roles=[access.Role.ValueType(role_number(role)) for role in roles],
        credential=access.Credential.ValueType(credential_number(credential)),
        certificate_sha256=certificate_sha256,
    )
