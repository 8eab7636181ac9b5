"""What the tests of approvals share: people in groups, a subject, and approvals of it."""

from datetime import timedelta
from typing import Any

import msgspec

from signetd.daemon.approvals.types import Approval, ApprovalState, Subject, Vote
from signetd.daemon.policy.types import ApprovalRule
from signetd.drivers.types import Algorithm
from tests.unit.daemon.ledgers import START

DAY = timedelta(days=1)
SUBJECT = Subject(
    operation="sign", resource="keys/seal", algorithm=Algorithm.SM2_SM3, digest=bytes(range(32))
)
REQUESTER = "app"


class People:
    """Groups that a test can change; "" are the security administrators."""

    def __init__(self, **groups: set[str]) -> None:
        self.groups = {"": {"admin-1", "admin-2", "admin-3"}, "legal": {"li", "wang"}, **groups}
        self.reads_all = {"auditor"}

    def members(self, group: str) -> frozenset[str]:
        return frozenset(self.groups.get(group, ()))

    def auditors(self) -> frozenset[str]:
        return frozenset(self.reads_all)


def approval(**changes: Any) -> Approval:
    """Return a pending approval by two security administrators; fields can be replaced."""
    made = Approval(
        id="a1",
        state=ApprovalState.PENDING,
        requester=REQUESTER,
        subject=SUBJECT,
        summary="采购合同 2026-17",
        rules=(ApprovalRule(count=2),),
        create_time=START,
        expire_time=START + DAY,
        update_time=START,
    )
    return msgspec.structs.replace(made, **changes)


def votes(*identities: str, approved: bool = True) -> tuple[Vote, ...]:
    return tuple(Vote(identity=each, approved=approved, time=START) for each in identities)


def altered_subjects() -> list[Subject]:
    """Return subjects that differ from SUBJECT in one thing each."""
    replace = msgspec.structs.replace
    return [
        replace(SUBJECT, operation="destroy-key"),
        replace(SUBJECT, resource="keys/seal2"),
        replace(SUBJECT, algorithm=Algorithm.ED25519),
        replace(SUBJECT, algorithm=None),
        replace(SUBJECT, digest=bytes(32)),
        replace(SUBJECT, digest=SUBJECT.digest[:31]),
    ]
