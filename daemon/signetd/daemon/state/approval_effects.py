"""What is done to approvals, each change in the transaction of its record in the audit.

Refusals raise SignetError before anything is written.
"""

from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from signetd.daemon.approvals import refusals, rules
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject, Vote
from signetd.daemon.audit.types import Effect
from signetd.daemon.state import approval_rows
from signetd.daemon.state.access_tables import APPROVAL_VOTES, APPROVALS

OPEN_STATES: Final = sorted(str(state) for state in rules.OPEN)


def create(approval: Approval, most_open: int) -> Effect:
    """Return what writes a new approval; its times are moved so that it begins at the record.

    It raises LIMIT_REACHED when the requester has *most_open* open ones already.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        if _open_of(connection, approval.requester, moment) >= most_open:
            raise refusals.too_many(approval.requester, most_open)
        made = msgspec.structs.replace(
            approval,
            create_time=moment,
            update_time=moment,
            expire_time=moment + (approval.expire_time - approval.create_time),
        )
        connection.execute(insert(APPROVALS).values(approval_rows.values(made)))

    return effect


def vote(
    approval_id: str, identity: str, members: rules.Members, *, approved: bool, comment: str
) -> Effect:
    """Return what adds somebody's vote, and with it approves or rejects.

    It raises APPROVAL_NOT_FOUND; PERMISSION_DENIED for the requester and for whoever is in no
    group that must approve; APPROVAL_STATE_WRONG for a second vote, or when it is final.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        known = _locked(connection, approval_id)
        refusals.check_vote(known, identity, members, moment)
        cast = Vote(identity=identity, approved=approved, comment=comment, time=moment)
        connection.execute(
            insert(APPROVAL_VOTES).values(approval_id=known.id, **msgspec.structs.asdict(cast))
        )
        after = msgspec.structs.replace(known, votes=(*known.votes, cast))
        _set_state(connection, known.id, _state_after(after, members, approved), moment)

    return effect


def cancel(approval_id: str, user: str) -> Effect:
    """Return what takes an approval back.

    It raises APPROVAL_NOT_FOUND; PERMISSION_DENIED for anybody but the requester;
    APPROVAL_STATE_WRONG when it is final.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        known = _locked(connection, approval_id)
        refusals.check_cancel(known, user, moment)
        _set_state(connection, known.id, ApprovalState.CANCELLED, moment)

    return effect


def consume(approval_id: str, subject: Subject, user: str) -> Effect:
    """Return what uses an approval up, which of any number of tries succeeds once.

    It raises APPROVAL_INVALID unless the approval is approved at this moment, of *user*, and for
    exactly this subject. It does not count the approvers again: see `rules.check_use`.
    """

    def effect(connection: Connection, moment: datetime) -> None:
        matches = [
            APPROVALS.c[column] == value
            for column, value in approval_rows.subject_values(subject).items()
        ]
        changed = connection.execute(
            update(APPROVALS)
            .where(
                APPROVALS.c.id == approval_id,
                APPROVALS.c.state == str(ApprovalState.APPROVED),
                APPROVALS.c.expire_time > moment,
                APPROVALS.c.requester == user,
                *matches,
            )
            .values(state=str(ApprovalState.USED), update_time=moment)
        )
        if changed.rowcount != 1:
            raise rules.invalid(
                approval_id,
                "cannot be used for this any more: it was used, rejected or taken back meanwhile, "
                "or its time is over. Ask for a new one",
            )

    return effect


def _open_of(connection: Connection, requester: str, moment: datetime) -> int:
    counted = connection.scalar(
        select(func.count())
        .select_from(APPROVALS)
        .where(
            APPROVALS.c.requester == requester,
            APPROVALS.c.state.in_(OPEN_STATES),
            APPROVALS.c.expire_time > moment,
        )
    )
    return counted or 0


def _locked(connection: Connection, approval_id: str) -> Approval:
    # Locked, so that of two votes at once the second one sees the first.
    row = connection.execute(
        select(APPROVALS).where(APPROVALS.c.id == approval_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise refusals.not_found(approval_id)
    return approval_rows.read(connection, [row])[0]


def _state_after(approval: Approval, members: rules.Members, approved: bool) -> ApprovalState:
    if not approved:
        return ApprovalState.REJECTED
    if rules.satisfied(approval, approval.rules, members):
        return ApprovalState.APPROVED
    return approval.state


def _set_state(
    connection: Connection, approval_id: str, state: ApprovalState, moment: datetime
) -> None:
    connection.execute(
        update(APPROVALS)
        .where(APPROVALS.c.id == approval_id)
        .values(state=str(state), update_time=moment)
    )
