"""Between rows of the database and identities and grants."""

from typing import Any

import msgspec
from sqlalchemy import Row

from signetd.daemon.policy.types import (
    Conditions,
    Credential,
    Grant,
    GrantEffect,
    Identity,
    Operation,
    Role,
)
from signetd.drivers.errors import Reason, SignetError


def identity_values(identity: Identity) -> dict[str, Any]:
    """Return the columns of an identity."""
    return {
        "name": identity.name,
        "roles": _json(identity.roles),
        "credential": str(identity.credential),
        "certificate_sha256": identity.certificate_sha256,
        "disabled": identity.disabled,
        "create_time": identity.create_time,
        "update_time": identity.update_time,
    }


def identity_of(row: Row[Any]) -> Identity:
    """Read an identity; raises SignetError INTERNAL."""
    try:
        return Identity(
            name=row.name,
            roles=msgspec.json.decode(row.roles, type=frozenset[Role]),
            credential=Credential(row.credential),
            certificate_sha256=row.certificate_sha256,
            disabled=row.disabled,
            create_time=row.create_time,
            update_time=row.update_time,
        )
    except ValueError as error:
        raise unreadable(f"the identity {row.name!r}", error) from error


def grant_values(grant: Grant) -> dict[str, Any]:
    """Return the columns of a grant."""
    return {
        "id": grant.id,
        "identity": grant.identity or None,
        "group_id": grant.group or None,
        "keys": grant.keys,
        "operations": _json(grant.operations),
        "effect": str(grant.effect),
        "conditions": _json(grant.conditions),
        "comment": grant.comment,
        "create_time": grant.create_time,
        "creator": grant.creator,
    }


def grant_of(row: Row[Any]) -> Grant:
    """Read a grant; raises SignetError INTERNAL."""
    try:
        return Grant(
            id=row.id,
            identity=row.identity or "",
            group=row.group_id or "",
            keys=row.keys,
            operations=msgspec.json.decode(row.operations, type=frozenset[Operation]),
            effect=GrantEffect(row.effect),
            conditions=msgspec.json.decode(row.conditions, type=Conditions),
            comment=row.comment,
            create_time=row.create_time,
            creator=row.creator,
        )
    except ValueError as error:
        raise unreadable(f"the grant {row.id!r}", error) from error


def unreadable(what: str, error: ValueError) -> SignetError:
    """Return the error for a row that cannot be understood."""
    return SignetError(
        Reason.INTERNAL, f"The database's row of {what} cannot be read: {error}. Restore a backup."
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()
