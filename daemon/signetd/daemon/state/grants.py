"""Changes of grants, each made in the transaction of its record in the audit."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, insert, select

from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.types import SECURITY_ADMINS, Grant
from signetd.daemon.state.access_rows import grant_values
from signetd.daemon.state.access_tables import GRANTS
from signetd.daemon.state.groups import require_group
from signetd.daemon.state.identities import require_identity
from signetd.daemon.state.policy_version import bump_version
from signetd.drivers.errors import Reason, SignetError


def create_grant(grant: Grant) -> Effect:
    """Add a grant, whose time becomes that of the record.

    Raises IDENTITY_NOT_FOUND or GROUP_NOT_FOUND for a subject, or for approvers, there is not.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        if grant.group:
            require_group(connection, grant.group)
        else:
            require_identity(connection, grant.identity)
        approval = grant.conditions.approval
        if approval is not None and approval.group != SECURITY_ADMINS:
            require_group(connection, approval.group)
        made = msgspec.structs.replace(grant, create_time=moment)
        connection.execute(insert(GRANTS).values(grant_values(made)))

    return effect


def delete_grant(grant_id: str) -> Effect:
    """Delete a grant; raises GRANT_NOT_FOUND. What was counted for it is kept, and means nothing:
    an identifier is never used again."""

    def effect(connection: Connection, moment: datetime) -> None:
        bump_version(connection)
        query = select(GRANTS.c.id).where(GRANTS.c.id == grant_id)
        if connection.scalar(query) is None:
            raise SignetError(
                Reason.GRANT_NOT_FOUND,
                f"There is no grant grants/{grant_id}. List the grants to see their names.",
            )
        connection.execute(delete(GRANTS).where(GRANTS.c.id == grant_id))

    return effect
