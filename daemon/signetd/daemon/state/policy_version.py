"""The number that is counted up by every change of keys, identities, groups and grants."""

from sqlalchemy import Connection, select, update

from signetd.daemon.state.access_tables import POLICY_VERSION
from signetd.drivers.errors import Reason, SignetError


def read_version(connection: Connection, *, hold: bool = False) -> int:
    """Return the version; with *hold* nobody else changes it until the transaction ends.

    Raises SignetError INTERNAL.
    """
    query = select(POLICY_VERSION.c.version).where(POLICY_VERSION.c.id == 1)
    # SQLite knows no such lock and needs none: there each transaction has the whole database.
    found = connection.scalar(query.with_for_update(read=True) if hold else query)
    if found is None:
        raise _missing()
    return int(found)


def bump_version(connection: Connection) -> None:
    """Count the version up, and keep others from changing anything until the transaction ends.

    To be called before the rules of a change are checked: the lock of the row is what keeps two
    changes from overtaking each other. Raises SignetError INTERNAL.
    """
    changed = connection.execute(
        update(POLICY_VERSION)
        .where(POLICY_VERSION.c.id == 1)
        .values(version=POLICY_VERSION.c.version + 1)
    )
    if changed.rowcount != 1:
        raise _missing()


def _missing() -> SignetError:
    return SignetError(
        Reason.INTERNAL,
        "The database has lost its policy version (table policy_version). Restore a backup.",
    )
