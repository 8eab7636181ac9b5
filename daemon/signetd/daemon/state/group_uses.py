"""Finds what names a group: grants, what holds for keys, and open approvals."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from signetd.daemon.approvals.types import ApprovalState
from signetd.daemon.keys.types import KeyState
from signetd.daemon.policy.types import ApprovalRule, Conditions, KeyPolicy
from signetd.daemon.state.access_rows import unreadable
from signetd.daemon.state.access_tables import APPROVALS, GRANTS
from signetd.daemon.state.tables import KEYS

_OPEN = (ApprovalState.PENDING, ApprovalState.APPROVED)


def group_use(connection: Connection, group_id: str, moment: datetime) -> str:
    """Return the resource name of something that names the group, "" if there is nothing.

    A key that was destroyed does not count, for its policy cannot be changed any more; neither do
    approvals that have expired by *moment*. Raises SignetError INTERNAL.
    """
    for name, rules in _rules(connection, moment):
        if any(rule is not None and rule.group == group_id for rule in rules):
            return name
    query = select(GRANTS.c.id).where(GRANTS.c.group_id == group_id).limit(1)
    grant = connection.scalar(query)
    return f"grants/{grant}" if grant is not None else ""


def _rules(
    connection: Connection, moment: datetime
) -> Iterator[tuple[str, Iterable[ApprovalRule | None]]]:
    for row in connection.execute(select(GRANTS.c.id, GRANTS.c.conditions)).all():
        yield _read(f"grants/{row.id}", row.conditions, Conditions)
    living = select(KEYS.c.id, KEYS.c.policy).where(KEYS.c.state != str(KeyState.DESTROYED))
    for row in connection.execute(living).all():
        yield _read(f"keys/{row.id}", row.policy, KeyPolicy)
    waiting = select(APPROVALS.c.id, APPROVALS.c.rules).where(
        APPROVALS.c.state.in_([str(state) for state in _OPEN]), APPROVALS.c.expire_time > moment
    )
    for row in connection.execute(waiting).all():
        yield _read(f"approvals/{row.id}", row.rules, tuple[ApprovalRule, ...])


def _read(name: str, json: str, kind: Any) -> tuple[str, Iterable[ApprovalRule | None]]:
    try:
        found = msgspec.json.decode(json, type=kind)
    except ValueError as error:
        raise unreadable(name, error) from error
    return name, found if isinstance(found, tuple) else (found.approval,)
