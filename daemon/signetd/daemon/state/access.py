"""Reads who may do what; ``identities``, ``groups`` and ``grants`` have the changes."""

from collections import defaultdict

from sqlalchemy import Connection, Engine, select

from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import Grant, Group, Identity
from signetd.daemon.state.access_rows import grant_of, identity_of
from signetd.daemon.state.access_tables import ACCESS_GROUPS, GRANTS, GROUP_MEMBERS, IDENTITIES
from signetd.daemon.state.errors import explained
from signetd.daemon.state.policy_version import read_version
from signetd.daemon.state.reading import reader

_SUBJECT = "Who may do what"


class AccessStore:
    """Identities, groups and grants in the database; its methods block, in any thread."""

    def __init__(self, engine: Engine) -> None:
        self._reader = reader(engine)

    def version(self) -> int:
        """Return the version that counts now; raises SignetError INTERNAL."""
        with explained(_SUBJECT), self._reader.begin() as connection:
            return read_version(connection)

    def snapshot(self) -> Snapshot:
        """Read everything, as it was at one version; raises SignetError INTERNAL."""
        with explained(_SUBJECT), self._reader.begin() as connection:
            # Held, so that what is read next belongs to this version.
            version = read_version(connection, hold=True)
            identities = _identities(connection)
            groups = _groups(connection)
            grants = _grants(connection)
        return Snapshot(version, identities, groups, grants)


def _identities(connection: Connection) -> list[Identity]:
    return [identity_of(row) for row in connection.execute(select(IDENTITIES))]


def _groups(connection: Connection) -> list[Group]:
    members: defaultdict[str, set[str]] = defaultdict(set)
    for row in connection.execute(select(GROUP_MEMBERS)):
        members[row.group_id].add(row.identity)
    found = connection.scalars(select(ACCESS_GROUPS.c.id))
    return [Group(id=each, members=frozenset(members[each])) for each in found]


def _grants(connection: Connection) -> list[Grant]:
    return [grant_of(row) for row in connection.execute(select(GRANTS))]
