"""Changes of groups, each made in the transaction of its record in the audit."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.types import Group
from signetd.daemon.state.access_tables import ACCESS_GROUPS, GROUP_MEMBERS, IDENTITIES
from signetd.daemon.state.group_uses import group_use
from signetd.daemon.state.policy_version import bump_version
from signetd.drivers.errors import Reason, SignetError

_NAMES_AT_ONCE: Final = 500  # databases bound the parameters of a statement


def set_group(group: Group) -> Effect:
    """Make a group, or replace its members; raises IDENTITY_NOT_FOUND for one there is not."""

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        _check_members(connection, group.members)
        if not _exists(connection, group.id):
            connection.execute(insert(ACCESS_GROUPS).values(id=group.id))
        connection.execute(delete(GROUP_MEMBERS).where(GROUP_MEMBERS.c.group_id == group.id))
        if group.members:
            rows = [{"group_id": group.id, "identity": name} for name in sorted(group.members)]
            connection.execute(insert(GROUP_MEMBERS), rows)

    return effect


def delete_group(group_id: str) -> Effect:
    """Delete a group; raises GROUP_NOT_FOUND, and GROUP_IN_USE while something names it."""

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        require_group(connection, group_id)
        user = group_use(connection, group_id, moment)
        if user:
            raise SignetError(
                Reason.GROUP_IN_USE,
                f"The group {group_id!r} cannot be deleted: {user} names it; change that first.",
            )
        connection.execute(delete(GROUP_MEMBERS).where(GROUP_MEMBERS.c.group_id == group_id))
        connection.execute(delete(ACCESS_GROUPS).where(ACCESS_GROUPS.c.id == group_id))

    return effect


def require_group(connection: Connection, group_id: str) -> None:
    """Raise GROUP_NOT_FOUND unless there is a group of that bare name.

    In a transaction that has called ``bump_version``, the group stays there until its end.
    """
    if not _exists(connection, group_id):
        raise SignetError(
            Reason.GROUP_NOT_FOUND,
            f"There is no group groups/{group_id}. List the groups to see their names.",
        )


def _exists(connection: Connection, group_id: str) -> bool:
    query = select(ACCESS_GROUPS.c.id).where(ACCESS_GROUPS.c.id == group_id)
    return connection.scalar(query) is not None


def _check_members(connection: Connection, members: Collection[str]) -> None:
    names = sorted(members)
    for first in range(0, len(names), _NAMES_AT_ONCE):
        some = names[first : first + _NAMES_AT_ONCE]
        known = set(
            connection.scalars(select(IDENTITIES.c.name).where(IDENTITIES.c.name.in_(some)))
        )
        missing = [name for name in some if name not in known]
        if missing:
            raise SignetError(
                Reason.IDENTITY_NOT_FOUND,
                f"There is no identity {missing[0]!r}, so it cannot be a member; add it first.",
            )
