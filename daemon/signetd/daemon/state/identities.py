"""Changes of identities, each made in the transaction of its record in the audit."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.checks import check_identity
from signetd.daemon.policy.types import Credential, Identity, Role
from signetd.daemon.state.access_rows import identity_of, identity_values
from signetd.daemon.state.access_tables import GRANTS, GROUP_MEMBERS, IDENTITIES
from signetd.daemon.state.policy_version import bump_version
from signetd.drivers.errors import Reason, SignetError


def create_identity(identity: Identity) -> Effect:
    """Add an identity, whose times become those of the record; raises IDENTITY_EXISTS."""

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        check_identity(identity)
        if _read(connection, identity.name) is not None:
            raise SignetError(
                Reason.IDENTITY_EXISTS,
                f"There is an identity {identity.name!r} already; update it instead.",
            )
        _insert(connection, identity, moment)

    return effect


def update_identity(wanted: Identity, seen: Identity) -> Effect:
    """Replace roles, pinned certificate and state; name, credential and create time stay.

    *seen* is the identity on which it was judged what the change needs: if it is another one by
    now, POLICY_CHANGED is raised, so that nobody who was disabled meanwhile is enabled by a change
    that was to leave that alone. Raises IDENTITY_NOT_FOUND and ROLES_CONFLICT as well.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        stored = require_identity(connection, wanted.name)
        if _judged(stored) != _judged(seen):
            raise SignetError(
                Reason.POLICY_CHANGED,
                f"The identity {wanted.name!r} was changed in the meantime; look at it and repeat.",
            )
        changed = msgspec.structs.replace(
            wanted,
            credential=stored.credential,
            create_time=stored.create_time,
            update_time=moment,
        )
        check_identity(changed)
        if not _administers(changed):
            _keep_one_administrator(connection, wanted.name)
        _update(connection, changed)

    return effect


def delete_identity(name: str) -> Effect:
    """Remove an identity and its memberships.

    Raises IDENTITY_NOT_FOUND, IDENTITY_IN_USE while grants name it, and ROLES_CONFLICT.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        require_identity(connection, name)
        grant = connection.scalar(select(GRANTS.c.id).where(GRANTS.c.identity == name).limit(1))
        if grant is not None:
            raise SignetError(
                Reason.IDENTITY_IN_USE,
                f"There are grants for the identity {name!r}, such as grants/{grant}; delete them "
                "first, or disable the identity.",
            )
        _keep_one_administrator(connection, name)
        connection.execute(delete(GROUP_MEMBERS).where(GROUP_MEMBERS.c.identity == name))
        connection.execute(delete(IDENTITIES).where(IDENTITIES.c.name == name))

    return effect


def first_security_admin(name: str, credential: Credential) -> Effect:
    """Make *name* a security administrator if there is none at all; else change nothing."""

    def effect(connection: Connection, moment: datetime) -> None:
        add_first_security_admin(connection, moment, name=name, credential=credential)

    return effect


def add_first_security_admin(
    connection: Connection, moment: datetime, *, name: str, credential: Credential
) -> bool:
    """Do what ``first_security_admin`` does, and tell whether anything was changed.

    An identity that is there already gets the role as well. Raises ROLES_CONFLICT if it has
    another administrator's role.
    """
    if _is_administered(connection):
        return False  # as at every start but the first: nobody has to read everything anew
    bump_version(connection)
    if _is_administered(connection):
        return False  # another daemon was quicker
    known = _read(connection, name)
    roles = frozenset({Role.SECURITY_ADMIN}) | (known.roles if known else frozenset())
    first = Identity(
        name=name,
        roles=roles,
        credential=credential,
        create_time=known.create_time if known else moment,
        update_time=moment,
    )
    check_identity(first)
    if known is None:
        _insert(connection, first, moment)
    else:
        _update(connection, first)
    return True


def _is_administered(connection: Connection) -> bool:
    everybody = map(identity_of, connection.execute(select(IDENTITIES)).all())
    return any(Role.SECURITY_ADMIN in each.roles for each in everybody)


def require_identity(connection: Connection, name: str) -> Identity:
    """Read an identity; raises IDENTITY_NOT_FOUND."""
    found = _read(connection, name)
    if found is None:
        raise SignetError(
            Reason.IDENTITY_NOT_FOUND,
            f"There is no identity {name[:255]!r}. List the identities to see their names.",
        )
    return found


def _keep_one_administrator(connection: Connection, without: str) -> None:
    """Refuse a change after which *without* is no administrator, if there is no other one."""
    rows = connection.execute(select(IDENTITIES))
    acting = {each.name for each in map(identity_of, rows) if _administers(each)}
    if acting == {without}:
        raise SignetError(
            Reason.ROLES_CONFLICT,
            f"{without!r} is the last security administrator that is enabled, and nobody could "
            "change anything without one; give the role to another identity first.",
        )


def _judged(identity: Identity) -> tuple[object, ...]:
    """Return what decides whether a change gives somebody an administrator's power."""
    return identity.roles, identity.credential, identity.certificate_sha256, identity.disabled


def _administers(identity: Identity) -> bool:
    return Role.SECURITY_ADMIN in identity.roles and not identity.disabled


def _read(connection: Connection, name: str) -> Identity | None:
    row = connection.execute(select(IDENTITIES).where(IDENTITIES.c.name == name)).one_or_none()
    return identity_of(row) if row is not None else None


def _insert(connection: Connection, identity: Identity, moment: datetime) -> None:
    made = msgspec.structs.replace(identity, create_time=moment, update_time=moment)
    connection.execute(insert(IDENTITIES).values(identity_values(made)))


def _update(connection: Connection, identity: Identity) -> None:
    connection.execute(
        update(IDENTITIES)
        .where(IDENTITIES.c.name == identity.name)
        .values(identity_values(identity))
    )
