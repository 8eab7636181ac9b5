"""What is known of approvals."""

from datetime import datetime
from enum import StrEnum

import msgspec

from signetd.daemon.policy.types import ApprovalRule
from signetd.drivers.types import Algorithm


class ApprovalState(StrEnum):
    """Where an approval is in its life; only PENDING and APPROVED are not final."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    USED = "USED"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What exactly is approved; a use that differs in anything is not.

    ``operation`` is `sign`, `stamp`, `destroy-key`, `add-administrator` or `make-seal`;
    ``resource`` is `keys/{key}`, `seals/{seal}` or an identity's name; ``algorithm`` is None but
    for signatures; ``digest`` is what is signed (Ed25519: SHA-256 of the message), that of the
    stamped document, or the SM3 of an act's values in canonical JSON.
    """

    operation: str
    resource: str
    algorithm: Algorithm | None = None
    digest: bytes


class Vote(msgspec.Struct, frozen=True, kw_only=True):
    """What one person said."""

    identity: str
    approved: bool
    comment: str = ""
    time: datetime


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A request for approval, and what became of it. ``rules`` are those when it was asked for."""

    id: str
    state: ApprovalState
    requester: str
    subject: Subject
    summary: str
    rules: tuple[ApprovalRule, ...]
    votes: tuple[Vote, ...] = ()
    create_time: datetime
    expire_time: datetime
    update_time: datetime
