"""Decides whether a grant allows a use. Pure: it reads a snapshot and nothing else."""

from datetime import datetime

import msgspec

from signetd.daemon.policy.conditions import counts
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import (
    USES,
    ApprovalRule,
    Grant,
    Identity,
    KeyPurpose,
    Operation,
    Role,
    UseLimit,
)
from signetd.daemon.policy.use import Use


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One grant by which a use is allowed, within its limits and with its approval."""

    grant_id: str
    limits: tuple[UseLimit, ...] = ()
    approval: ApprovalRule | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What grants say of a use, under a version of them.

    ``alternatives`` has what asks least first: no approval, then no limits, then the oldest.
    Whether the limits allow one more use is not looked at: whoever counts it does. When it is not
    allowed, ``refusal`` is the sentence for the caller, which tells nothing about the key, and
    ``denied_by`` the grant that forbids it, if one does. ``lasting``: the time has no part in it,
    so it stays as long as its version counts and the key is as it is.
    """

    allowed: bool
    version: int
    alternatives: tuple[Option, ...] = ()
    refusal: str = ""
    denied_by: str = ""
    lasting: bool = False


def decide(snapshot: Snapshot, use: Use) -> Decision:
    """Decide on *use*: nothing is allowed without a grant, and a prohibition always wins."""
    identity = snapshot.identity(use.identity)
    if identity is None or not eligible(identity, use.operation):
        return _refused(snapshot, use)
    found = snapshot.candidates(use.identity, use.key_id, use.operation)
    for grant in found.denies:
        if counts(grant, use):
            return _refused(snapshot, use, grant.id)
    options = tuple(option_of(grant) for grant in found.allows if counts(grant, use))
    if not options:
        return _refused(snapshot, use)
    return Decision(
        allowed=True, version=snapshot.version, alternatives=options, lasting=found.timeless
    )


def visible(
    snapshot: Snapshot, identity: str, key_id: str, purpose: KeyPurpose | None, moment: datetime
) -> bool:
    """Tell whether grants let *identity* see a key; *purpose* is None if there is no such key."""
    use = Use(
        identity=identity,
        key_id=key_id,
        purpose=purpose,
        operation=Operation.READ,
        moment=moment,
    )
    return decide(snapshot, use).allowed


def eligible(identity: Identity, operation: Operation) -> bool:
    """Tell whether grants count for *identity* at all: it is enabled, and signs as a signer."""
    return not identity.disabled and (operation not in USES or Role.SIGNER in identity.roles)


def option_of(grant: Grant) -> Option:
    """Return how *grant* allows what it allows."""
    conditions = grant.conditions
    return Option(grant_id=grant.id, limits=conditions.limits, approval=conditions.approval)


def _refused(snapshot: Snapshot, use: Use, denied_by: str = "") -> Decision:
    # The same words whatever the cause, and whether or not there is such a key.
    does = "read" if use.operation is Operation.READ else f"{use.operation.lower()} with"
    refusal = (
        f"The identity {use.identity[:255]!r} may not {does} a key {use.key_id[:80]!r}; "
        "a security administrator can explain why, and grant it."
    )
    return Decision(allowed=False, version=snapshot.version, refusal=refusal, denied_by=denied_by)
