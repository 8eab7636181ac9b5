"""What is refused to those who ask for approvals, vote and take back, and in which words; pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from signetd.daemon.approvals import rules
from signetd.daemon.approvals.types import Approval, Subject
from signetd.daemon.policy.types import ApprovalRule
from signetd.drivers.errors import Reason, SignetError

_COMMANDS: Final = {
    "sign": "request",
    "stamp": "request-stamp",
    "destroy-key": "request-destroy",
    "add-administrator": "request-admin",
}
"""How signetctl asks for an approval of each operation, where it does."""


def check_vote(approval: Approval, identity: str, members: rules.Members, moment: datetime) -> None:
    """Raise unless somebody may vote now.

    PERMISSION_DENIED for the requester and for whoever is in no group that must approve;
    APPROVAL_STATE_WRONG for a second vote, and for an approval that is final or too old.
    """
    if identity == approval.requester:
        raise SignetError(
            Reason.PERMISSION_DENIED,
            f"{identity!r} has asked for {rules.name(approval.id)}, and nobody approves or rejects "
            "what is their own; cancel it, or have others vote.",
        )
    if not rules.is_approver(identity, approval, members):
        raise SignetError(
            Reason.PERMISSION_DENIED,
            f"{identity!r} is in none of the groups that must approve {rules.name(approval.id)}; "
            "its rules name them.",
        )
    if any(vote.identity == identity for vote in approval.votes):
        raise SignetError(
            Reason.APPROVAL_STATE_WRONG,
            f"{identity!r} has voted on {rules.name(approval.id)} already; a vote is not changed.",
        )
    check_open(approval, moment)


def check_cancel(approval: Approval, user: str, moment: datetime) -> None:
    """Raise PERMISSION_DENIED unless *user* has asked for it; APPROVAL_STATE_WRONG if final."""
    if user != approval.requester:
        raise SignetError(
            Reason.PERMISSION_DENIED,
            f"{rules.name(approval.id)} can only be cancelled by the one who asked for it; those "
            "who may approve it can reject it.",
        )
    check_open(approval, moment)


def check_open(approval: Approval, moment: datetime) -> None:
    """Raise APPROVAL_STATE_WRONG if the approval is final at *moment*."""
    state = rules.state_now(approval, moment)
    if state not in rules.OPEN:
        raise SignetError(
            Reason.APPROVAL_STATE_WRONG,
            f"{rules.name(approval.id)} is {state}, and that is final; if it is still wanted, have "
            "a new one asked for.",
        )


def not_found(approval_id: str) -> SignetError:
    """Return the refusal of an approval that is missing, or that the caller may not see."""
    return SignetError(
        Reason.APPROVAL_NOT_FOUND,
        f"There is no approval {rules.name(approval_id)!r} that you may see; ListApprovals has "
        "those that there are.",
    )


def too_many(requester: str, most_open: int) -> SignetError:
    """Return the refusal of one more approval."""
    return SignetError(
        Reason.LIMIT_REACHED,
        f"{requester!r} has {most_open} open approvals, and no more are allowed; use or cancel "
        "some, or wait until they expire.",
    )


def check_digest(approval: Approval, seen: bytes) -> None:
    """Raise unless *seen* is the approval's digest: INPUT_MISSING, or APPROVAL_INVALID."""
    if not seen:
        raise SignetError(
            Reason.INPUT_MISSING,
            "digest is missing; give the digest of what you have seen and approve.",
        )
    if seen != approval.subject.digest:
        raise SignetError(
            Reason.APPROVAL_INVALID,
            f"{rules.name(approval.id)} is for another digest than what you have seen, "
            f"{seen[:64].hex()}; do not approve it before you know why.",
        )


def not_needed(subject: Subject) -> SignetError:
    """Return the refusal of an approval that nobody must give."""
    return SignetError(
        Reason.APPROVAL_INVALID,
        f"Nobody must approve {_act(subject)}; do it without an approval.",
    )


def needed(subject: Subject, wanted: Iterable[ApprovalRule]) -> SignetError:
    """Return the refusal of what must have been approved; tells by whom, and how to ask."""
    command = _COMMANDS.get(subject.operation)
    how = f"CreateApproval, `signetctl approval {command}`" if command else "CreateApproval"
    return SignetError(
        Reason.APPROVAL_NEEDED,
        f"{_act(subject)} needs the approval of {' and '.join(map(_approvers, wanted))}, not "
        f"counting the one who asks. Ask for it ({how}), and when it is approved give its name as "
        "approval.",
    )


def _act(subject: Subject) -> str:
    return f"{subject.operation} of {subject.resource!r}"


def _approvers(rule: ApprovalRule) -> str:
    group = f"groups/{rule.group}" if rule.group else "the security administrators"
    return f"{rule.count} of {group}"
