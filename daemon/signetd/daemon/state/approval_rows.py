"""Approvals as rows of the database, and back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from signetd.daemon.approvals.types import Approval, ApprovalState, Subject, Vote
from signetd.daemon.policy.types import ApprovalRule
from signetd.daemon.state.access_tables import APPROVAL_VOTES
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm


def values(approval: Approval) -> dict[str, Any]:
    """Return an approval as a row; its votes are rows of their own."""
    return {
        "id": approval.id,
        "state": str(approval.state),
        "requester": approval.requester,
        **subject_values(approval.subject),
        "summary": approval.summary,
        "rules": msgspec.json.encode(approval.rules).decode(),
        "create_time": approval.create_time,
        "expire_time": approval.expire_time,
        "update_time": approval.update_time,
    }


def subject_values(subject: Subject) -> dict[str, Any]:
    """Return the columns that tell what exactly is approved."""
    return {
        "operation": subject.operation,
        "resource": subject.resource,
        "algorithm": str(subject.algorithm or ""),
        "digest": subject.digest,
    }


def read(connection: Connection, rows: Sequence[Row[Any]]) -> list[Approval]:
    """Return the approvals of *rows* with their votes; SignetError INTERNAL for an odd row."""
    votes = _votes(connection, [row.id for row in rows])
    return [_approval(row, votes[row.id]) for row in rows]


def _votes(connection: Connection, ids: Iterable[str]) -> defaultdict[str, list[Row[Any]]]:
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(
        select(APPROVAL_VOTES)
        .where(APPROVAL_VOTES.c.approval_id.in_(list(ids)))
        .order_by(APPROVAL_VOTES.c.time, APPROVAL_VOTES.c.identity)
    ):
        found[row.approval_id].append(row)
    return found


def _approval(row: Row[Any], votes: Iterable[Row[Any]]) -> Approval:
    try:
        return Approval(
            id=row.id,
            state=ApprovalState(row.state),
            requester=row.requester,
            subject=_subject(row),
            summary=row.summary,
            rules=msgspec.json.decode(row.rules, type=tuple[ApprovalRule, ...]),
            votes=tuple(_vote(vote) for vote in votes),
            create_time=row.create_time,
            expire_time=row.expire_time,
            update_time=row.update_time,
        )
    except ValueError as error:
        raise SignetError(
            Reason.INTERNAL,
            f"The database's row of the approval {row.id!r} cannot be understood: {error}. Restore "
            "a backup.",
        ) from None


def _subject(row: Row[Any]) -> Subject:
    return Subject(
        operation=row.operation,
        resource=row.resource,
        algorithm=Algorithm(row.algorithm) if row.algorithm else None,
        digest=bytes(row.digest),
    )


def _vote(row: Row[Any]) -> Vote:
    return Vote(identity=row.identity, approved=row.approved, comment=row.comment, time=row.time)
