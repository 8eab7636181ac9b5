"""When an approval is given, and whether it may be used; pure."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import msgspec

from signetd.daemon.approvals.types import Approval, ApprovalState, Subject
from signetd.daemon.policy.types import ApprovalRule
from signetd.drivers.errors import Reason, SignetError

Members = Callable[[str], frozenset[str]]
"""Who is in a group now and may call: "" are the security administrators; none for a group that
does not exist. May be called in any thread."""

OPEN: Final = frozenset({ApprovalState.PENDING, ApprovalState.APPROVED})
"""The states that are not final."""

_ASK_AGAIN: Final = "ask for a new one"
_NOT_USABLE: Final = {
    ApprovalState.PENDING: "has not been approved yet: wait until enough of those who must approve "
    "it have done so",
    ApprovalState.REJECTED: f"was rejected; {_ASK_AGAIN}",
    ApprovalState.CANCELLED: f"was taken back; {_ASK_AGAIN}",
    ApprovalState.EXPIRED: f"is too old, its time is over; {_ASK_AGAIN}",
    ApprovalState.USED: f"was used already, and it is for one use; {_ASK_AGAIN}",
}


def name(approval_id: str) -> str:
    """Write the resource name of an approval."""
    return f"approvals/{approval_id}"


def satisfied(approval: Approval, rules: Iterable[ApprovalRule], members: Members) -> bool:
    """Whether enough people approved, for each rule, who are in its group now.

    The one who asked never counts, and nobody counts twice.
    """
    approvers = {vote.identity for vote in approval.votes if vote.approved} - {approval.requester}
    return all(len(approvers & members(rule.group)) >= rule.count for rule in rules)


def is_approver(identity: str, approval: Approval, members: Members) -> bool:
    """Whether somebody is in one of the groups that must approve."""
    return any(identity in members(rule.group) for rule in approval.rules)


def state_now(approval: Approval, moment: datetime) -> ApprovalState:
    """Return the state at *moment*: an open approval expires by itself."""
    if approval.state in OPEN and approval.expire_time <= moment:
        return ApprovalState.EXPIRED
    return approval.state


def as_of(approval: Approval, moment: datetime) -> Approval:
    """Return the approval as it is at *moment*; one that expires changes when its time is over."""
    state = state_now(approval, moment)
    if state is approval.state:
        return approval
    return msgspec.structs.replace(approval, state=state, update_time=approval.expire_time)


def check_use(
    approval: Approval,
    subject: Subject,
    user: str,
    rules: Iterable[ApprovalRule],
    members: Members,
    moment: datetime,
) -> None:
    """Raise APPROVAL_INVALID unless *user* may do *subject* once by this approval, at *moment*.

    *rules* are those that hold for the use now; those under which it was asked for still count,
    too. Somebody else than the one who asked learns nothing about the approval.
    """
    if user != approval.requester:
        raise unknown_to(user, approval.id)
    _check_subject(approval, subject)
    state = state_now(approval, moment)
    if state is not ApprovalState.APPROVED:
        raise invalid(approval.id, _NOT_USABLE[state])
    if not satisfied(approval, (*approval.rules, *rules), members):
        raise invalid(
            approval.id,
            "has not enough approvers any more: some may not approve this now, or more are needed "
            "than when it was asked for. Have others approve it, too",
        )


def unknown_to(user: str, approval_id: str) -> SignetError:
    """Return the refusal of an approval that is missing, or that somebody else has asked for."""
    return SignetError(
        Reason.APPROVAL_INVALID,
        f"{user!r} has not asked for an approval {name(approval_id)!r}; an approval can only be "
        "used by the one who asked for it.",
    )


def invalid(approval_id: str, why: str) -> SignetError:
    """Return the refusal of an approval to the one who asked for it."""
    return SignetError(Reason.APPROVAL_INVALID, f"{name(approval_id)} {why}.")


def _check_subject(approval: Approval, wanted: Subject) -> None:
    granted = approval.subject
    for field in ("operation", "resource", "algorithm", "digest"):
        if getattr(granted, field) != getattr(wanted, field):
            raise invalid(
                approval.id,
                f"is for the {field} {_shown(granted, field)}, not {_shown(wanted, field)}; ask "
                "for one for exactly what shall be done",
            )


def _shown(subject: Subject, field: str) -> str:
    value = getattr(subject, field)
    return value.hex() if isinstance(value, bytes) else repr(str(value or ""))
