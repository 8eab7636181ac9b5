"""What a caller may do: the identities of the configuration, and their roles."""

from collections.abc import Iterable

import msgspec

from signetd.daemon.config import Identity, Role
from signetd.drivers.errors import Reason, SignetError


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
