"""Rules for identities that hold wherever one comes from; pure."""

from typing import Final

from signetd.daemon.policy.types import ADMINISTRATORS, Credential, Identity
from signetd.drivers.errors import Reason, SignetError

GROUP_PREFIX: Final = "groups/"
"""What the name of a group begins with where it stands beside names of identities."""


def check_not_a_group(name: str, field: str) -> None:
    """Raise INPUT_INVALID, naming *field*, for the name of a group where an identity's belongs."""
    if name.startswith(GROUP_PREFIX):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} is {name[:80]!r}, which is how a group is named; give an identity's name.",
        )


def check_identity(identity: Identity) -> None:
    """Raise ROLES_CONFLICT or INPUT_INVALID unless there may be an identity like this."""
    check_not_a_group(identity.name, "identity.name")
    if not identity.roles:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"The identity {identity.name!r} has no role; give it at least one.",
        )
    administrator = sorted(identity.roles & ADMINISTRATORS)
    if len(administrator) > 1:
        raise SignetError(
            Reason.ROLES_CONFLICT,
            f"The identity {identity.name!r} cannot have the roles {' and '.join(administrator)} "
            "together: one identity has at most one of system-admin, security-admin and auditor.",
        )
    if identity.credential is Credential.SOCKET and identity.certificate_sha256:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"The identity {identity.name!r} calls on a Unix socket, where there are no "
            "certificates; leave certificate_sha256 empty.",
        )
