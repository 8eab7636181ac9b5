"""Between the messages of ApprovalService and the daemon's approvals."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration

from signetd.api.v1 import access_service_pb2, approval_service_pb2, resources_pb2
from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.service import DEFAULT_LIFETIME
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject, Vote
from signetd.daemon.policy.types import ADMINISTRATORS, Credential, Role
from signetd.daemon.rpc import convert, policy_convert
from signetd.drivers.errors import Reason, SignetError

_STATE: Final = "APPROVAL_STATE_"
_MAX_NAME_CHARS: Final = 255
_SHA256_HEX: Final = frozenset("0123456789abcdef")


def message(approval: Approval) -> approval_service_pb2.Approval:
    """Write an approval."""
    subject = approval.subject
    return approval_service_pb2.Approval(
        name=f"approvals/{approval.id}",
        state=state_number(approval.state),
        requester=approval.requester,
        operation=subject.operation,
        resource=subject.resource,
        algorithm=_algorithm(subject),
        digest=subject.digest,
        summary=approval.summary,
        rules=[policy_convert.rule_message(rule) for rule in approval.rules],
        votes=[_vote(vote) for vote in approval.votes],
        create_time=convert.timestamp(approval.create_time),
        expire_time=convert.timestamp(approval.expire_time),
        update_time=convert.timestamp(approval.update_time),
    )


def _algorithm(subject: Subject) -> Any:
    if subject.algorithm is None:
        return resources_pb2.ALGORITHM_UNSPECIFIED
    return convert.algorithm_number(subject.algorithm)


def _vote(vote: Vote) -> approval_service_pb2.ApprovalVote:
    return approval_service_pb2.ApprovalVote(
        identity=vote.identity,
        approved=vote.approved,
        comment=vote.comment,
        time=convert.timestamp(vote.time),
    )


def state_number(state: ApprovalState) -> Any:
    """Write a state."""
    return convert.enum_number(approval_service_pb2.ApprovalState, _STATE, state)


def states(numbers: Iterable[int]) -> frozenset[ApprovalState]:
    """Read a set of states; raises INPUT_MISSING or INPUT_INVALID."""
    wrapper = approval_service_pb2.ApprovalState
    found = [convert.enum(ApprovalState, wrapper, _STATE, each, "states") for each in numbers]
    if None in found:
        raise SignetError(Reason.INPUT_MISSING, "states has an entry that names no state.")
    return frozenset(state for state in found if state is not None)


def lifetime(request: approval_service_pb2.CreateApprovalRequest) -> timedelta:
    """Read how long an approval can be used; raises INPUT_INVALID for what is no duration."""
    if not request.HasField("lifetime"):
        return DEFAULT_LIFETIME
    given: Duration = request.lifetime
    try:
        return timedelta(seconds=given.seconds, microseconds=given.nanos // 1000)
    except OverflowError:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"lifetime is {given.seconds} s; it must be 1 minute to 30 days.",
        ) from None


def administrator(
    identity: access_service_pb2.Identity, credential_of: Callable[[str], Credential]
) -> Subject:
    """Read who shall be an administrator; *credential_of* tells what a name's form says.

    Raises INPUT_MISSING or INPUT_INVALID.
    """
    if not 1 <= len(identity.name) <= _MAX_NAME_CHARS:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"administrator.identity.name has {len(identity.name)} characters; it must have 1 to "
            f"{_MAX_NAME_CHARS}.",
        )
    given = convert.enum(
        Credential,
        access_service_pb2.Credential,
        "CREDENTIAL_",
        identity.credential,
        "administrator.identity.credential",
    )
    return subjects.administrator(
        identity.name,
        _roles(identity.roles),
        given or credential_of(identity.name),
        _fingerprint(identity.certificate_sha256),
    )


def _roles(numbers: Iterable[int]) -> frozenset[Role]:
    field = "administrator.identity.roles"
    found = [convert.enum(Role, access_service_pb2.Role, "ROLE_", each, field) for each in numbers]
    if not ADMINISTRATORS & set(found) or None in found:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field} must have an administrator's role in it: SYSTEM_ADMIN, SECURITY_ADMIN or "
            "AUDITOR.",
        )
    return frozenset(role for role in found if role is not None)


def _fingerprint(text: str) -> str:
    if text and (len(text) != 64 or not _SHA256_HEX.issuperset(text)):
        raise SignetError(
            Reason.INPUT_INVALID,
            "administrator.identity.certificate_sha256 must be 64 lower-case hex digits, or be "
            "left out.",
        )
    return text
