"""All that counts of identities, groups and grants at one version; it never changes."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from signetd.daemon.policy.index import Candidates, GrantIndex
from signetd.daemon.policy.types import (
    SECURITY_ADMINS,
    Credential,
    Grant,
    Group,
    Identity,
    Operation,
    Role,
)
from signetd.drivers.errors import Reason, SignetError

_SHOWN: Final = {
    Credential.URI: "the SAN URI of a certificate",
    Credential.DNS: "the SAN DNS name of a certificate",
    Credential.COMMON_NAME: "the common name of a certificate",
    Credential.SOCKET: "a Unix socket",
}


class Snapshot:
    """Identities and groups by name and grants by age, under ``version``; an empty one is 0.

    To be used from one thread: it remembers which grants are about whom.
    """

    def __init__(
        self,
        version: int = 0,
        identities: Iterable[Identity] = (),
        groups: Iterable[Group] = (),
        grants: Iterable[Grant] = (),
    ) -> None:
        self.version = version
        self.identities = tuple(sorted(identities, key=lambda each: each.name))
        self.groups = tuple(sorted(groups, key=lambda each: each.id))
        self.grants = tuple(sorted(grants, key=lambda each: (each.create_time, each.id)))
        self._identities = {each.name: each for each in self.identities}
        self._groups = {each.id: each for each in self.groups}
        self._grants = {each.id: each for each in self.grants}
        self._groups_of: defaultdict[str, list[str]] = defaultdict(list)
        for group in self.groups:
            for member in group.members:
                self._groups_of[member].append(group.id)
        self._index = GrantIndex(self.grants, self._groups_of)
        # Asked for each approval of a list, so they are found once.
        self._acting = {role: self._with_role(role) for role in Role}

    def identity(self, name: str) -> Identity | None:
        """Return the identity of that name, if there is one."""
        return self._identities.get(name)

    def group(self, group_id: str) -> Group | None:
        """Return the group of that bare name, if there is one."""
        return self._groups.get(group_id)

    def grant(self, grant_id: str) -> Grant | None:
        """Return the grant of that identifier, if there is one."""
        return self._grants.get(grant_id)

    def candidates(self, identity: str, key_id: str, operation: Operation) -> Candidates:
        """Return the grants for *identity* that are about the operation with the key."""
        return self._index.candidates(identity, key_id, operation)

    def members(self, group: str) -> frozenset[str]:
        """Return the members of a group who may act; SECURITY_ADMINS: all with that role.

        Whoever is disabled does not count; a group that there is not has no members.
        """
        if group == SECURITY_ADMINS:
            return self._acting[Role.SECURITY_ADMIN]
        found = self._groups.get(group)
        return frozenset(name for name in found.members if self._acts(name)) if found else _NOBODY

    def acting(self, role: Role) -> frozenset[str]:
        """Return the identities with a role that are not disabled."""
        return self._acting[role]

    def _with_role(self, role: Role) -> frozenset[str]:
        return frozenset(
            each.name for each in self.identities if role in each.roles and not each.disabled
        )

    def _acts(self, name: str) -> bool:
        identity = self._identities.get(name)
        return identity is not None and not identity.disabled

    def caller(self, name: str, credential: Credential, certificate_sha256: str) -> Identity:
        """Return the identity that calls; raises PERMISSION_DENIED.

        *credential* is how it has shown its name, and *certificate_sha256* the SHA-256 of the
        certificate it came with (lower-case hex), "" on a socket.
        """
        identity = self._identities.get(name)
        if identity is None:
            raise _denied(name, "is not known; a security administrator can add it")
        if identity.disabled:
            raise _denied(name, "is disabled; a security administrator can enable it")
        if identity.credential is not credential:
            raise _denied(
                name,
                f"does not show itself by {_SHOWN[credential]}; a security administrator sees "
                "which credential it is registered with",
            )
        if identity.certificate_sha256 not in ("", certificate_sha256):
            raise _denied(
                name,
                f"is bound to another certificate than the one with the SHA-256 "
                f"{certificate_sha256 or '(none)'}; a security administrator can change that",
            )
        return identity


_NOBODY: Final[frozenset[str]] = frozenset()


def _denied(name: str, why: str) -> SignetError:
    return SignetError(Reason.PERMISSION_DENIED, f"The identity {name[:255]!r} {why}.")
