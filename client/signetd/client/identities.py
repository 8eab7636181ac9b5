"""Identities as they are asked for."""

from dataclasses import dataclass

from signetd.api.v1 import access_service_pb2 as access
from signetd.client import messages


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
    roles = [messages.enum_number("ROLE", role, access.Role.keys()) for role in item.roles]
    number = messages.enum_number("CREDENTIAL", item.credential, access.Credential.keys())
    return access.Identity(
        name=item.name,
        roles=[access.Role.ValueType(role) for role in roles],
        credential=access.Credential.ValueType(number),
        certificate_sha256=item.certificate_sha256,
        disabled=item.disabled,
    )
