"""Between the messages of the API and identities, groups and those who are granted something."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import msgspec

from signetd.api.v1 import access_service_pb2 as messages
from signetd.daemon.config.schema import IdentityName
from signetd.daemon.policy.checks import GROUP_PREFIX, check_identity, check_not_a_group
from signetd.daemon.policy.credential import credential_of
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import Credential, Group, Identity, Role
from signetd.daemon.rpc import convert
from signetd.drivers.errors import Reason, SignetError

MAX_MEMBERS: Final = 10_000
"""Most members that a group can have."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NOT_YET: Final = datetime(1970, 1, 1, tzinfo=UTC)


def identity_name(name: str, field: str) -> str:
    """Return *name* if an identity can have it; raises INPUT_MISSING or INPUT_INVALID."""
    if not name:
        raise SignetError(Reason.INPUT_MISSING, f"{field} is missing; give an identity's name.")
    check_not_a_group(name, field)
    try:
        msgspec.convert(name, IdentityName)
    except msgspec.ValidationError:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {name[:80]!r}; an identity's name has 1 to 255 characters, no control "
            "characters, and no blanks at its ends.",
        ) from None
    return name


def identity(message: messages.Identity, sockets: Collection[str]) -> Identity:
    """Read an identity as it shall be; its times are set by who writes it.

    *sockets* are the names that listeners give, by which a credential that is not given is found.
    Raises INPUT_MISSING, INPUT_INVALID and ROLES_CONFLICT.
    """
    name = identity_name(message.name, "identity.name")
    found = Identity(
        name=name,
        roles=_roles(message),
        credential=_credential(message, sockets),
        certificate_sha256=_certificate(message.certificate_sha256),
        disabled=message.disabled,
        create_time=_NOT_YET,
        update_time=_NOT_YET,
    )
    check_identity(found)
    return found


def _roles(message: messages.Identity) -> frozenset[Role]:
    read = [
        convert.enum(Role, messages.Role, "ROLE_", number, "identity.roles")
        for number in message.roles
    ]
    roles = frozenset(role for role in read if role is not None)
    if not roles or None in read:
        raise SignetError(
            Reason.INPUT_MISSING,
            "identity.roles is missing, or an entry of it is; give one or two roles of "
            f"{', '.join(Role)}.",
        )
    return roles


def _credential(message: messages.Identity, sockets: Collection[str]) -> Credential:
    given = convert.enum(
        Credential, messages.Credential, "CREDENTIAL_", message.credential, "identity.credential"
    )
    return given if given is not None else credential_of(message.name, sockets)


def _certificate(sha256: str) -> str:
    if sha256 and not _SHA256.fullmatch(sha256):
        raise SignetError(
            Reason.INPUT_INVALID,
            "identity.certificate_sha256 must be the SHA-256 of a certificate in DER, 64 "
            "lower-case hex digits, or empty for any certificate.",
        )
    return sha256


def identity_message(value: Identity) -> messages.Identity:
    """Write an identity."""
    return messages.Identity(
        name=value.name,
        roles=[convert.enum_number(messages.Role, "ROLE_", role) for role in sorted(value.roles)],
        credential=convert.enum_number(messages.Credential, "CREDENTIAL_", value.credential),
        certificate_sha256=value.certificate_sha256,
        disabled=value.disabled,
        create_time=convert.timestamp(value.create_time),
        update_time=convert.timestamp(value.update_time),
    )


def group(message: messages.Group) -> Group:
    """Read a group; raises INPUT_MISSING or INPUT_INVALID."""
    if len(message.members) > MAX_MEMBERS:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"group.members has {len(message.members)} names; a group has at most {MAX_MEMBERS} "
            "members.",
        )
    members = [identity_name(name, "group.members") for name in message.members]
    group_id = convert.resource_id(message.name, "groups", "group.name")
    return Group(id=group_id, members=frozenset(members))


def group_message(value: Group) -> messages.Group:
    """Write a group."""
    return messages.Group(name=f"{GROUP_PREFIX}{value.id}", members=sorted(value.members))


def subject(name: str, field: str) -> tuple[str, str]:
    """Read whom a grant is about: the name of an identity, and the bare name of a group.

    One of them is "". Raises INPUT_MISSING or INPUT_INVALID.
    """
    if name.startswith(GROUP_PREFIX):
        return "", convert.resource_id(name, "groups", field)
    return identity_name(name, field), ""


def known_identity(snapshot: Snapshot, name: str) -> Identity:
    """Return the identity of that name; raises IDENTITY_NOT_FOUND."""
    found = snapshot.identity(name)
    if found is None:
        raise SignetError(
            Reason.IDENTITY_NOT_FOUND,
            f"There is no identity {name!r}. List the identities to see their names.",
        )
    return found
