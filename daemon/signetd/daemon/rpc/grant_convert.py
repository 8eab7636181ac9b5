"""Between the messages of the API and grants."""

import re
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import access_service_pb2 as messages
from signetd.daemon.policy.types import (
    USES,
    Conditions,
    Grant,
    GrantEffect,
    KeyPurpose,
    Operation,
)
from signetd.daemon.rpc import access_convert, convert, policy_convert
from signetd.daemon.rpc.schedule_convert import schedule, schedule_message
from signetd.drivers.errors import Reason, SignetError

MAX_COMMENT: Final = 500
"""Most characters that a comment can have."""

_PATTERN: Final = re.compile(r"[a-z*]([a-z0-9*-]{0,61}[a-z0-9*])?")


def grant(message: messages.Grant, grant_id: str, creator: str) -> Grant:
    """Read a grant as it shall be; its time is set by who writes it.

    Raises INPUT_MISSING or INPUT_INVALID.
    """
    identity, group = access_convert.subject(message.subject, "grant.subject")
    found = Grant(
        id=grant_id,
        identity=identity,
        group=group,
        keys=_pattern(message.keys),
        operations=_operations(message),
        effect=_effect(message.effect),
        conditions=_conditions(message.conditions),
        comment=_comment(message.comment),
        create_time=datetime.fromtimestamp(0, UTC),
        creator=creator,
    )
    _check_counted(found)
    return found


def _pattern(keys: str) -> str:
    if not keys:
        raise SignetError(Reason.INPUT_MISSING, "grant.keys is missing; give keys/{pattern}.")
    prefix, _, pattern = keys.partition("/")
    if prefix != "keys" or not _PATTERN.fullmatch(pattern):
        raise SignetError(
            Reason.INPUT_INVALID,
            f"grant.keys is {keys[:80]!r}; give keys/ and the name of a key, at most 63 lower-case "
            "letters, digits and hyphens, in which * stands for any characters.",
        )
    return pattern


def operation(number: int, field: str) -> Operation:
    """Read an Operation, which must be given."""
    found = convert.enum(Operation, messages.Operation, "OPERATION_", number, field)
    if found is None:
        raise SignetError(
            Reason.INPUT_MISSING, f"{field} is missing; give one of {', '.join(Operation)}."
        )
    return found


def _operations(message: messages.Grant) -> frozenset[Operation]:
    # With nothing given, operation() tells that something must be.
    given = message.operations or [messages.OPERATION_UNSPECIFIED]
    return frozenset(operation(number, "grant.operations") for number in given)


def _effect(number: int) -> GrantEffect:
    wrapper = messages.GrantEffect
    found = convert.enum(GrantEffect, wrapper, "GRANT_EFFECT_", number, "grant.effect")
    return found or GrantEffect.ALLOW


def _comment(comment: str) -> str:
    if len(comment) > MAX_COMMENT or "\x00" in comment:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"grant.comment has {len(comment)} characters; it can have {MAX_COMMENT}, none of them "
            "U+0000.",
        )
    return comment


def _conditions(message: messages.Conditions) -> Conditions:
    found = Conditions(
        purposes=_purposes(message),
        algorithms=policy_convert.algorithms(message.algorithms, "conditions.algorithms"),
        not_before=moment(message.not_before, "conditions.not_before")
        if message.HasField("not_before")
        else None,
        not_after=moment(message.not_after, "conditions.not_after")
        if message.HasField("not_after")
        else None,
        schedule=schedule(message.schedule) if message.HasField("schedule") else None,
        digest_only=message.digest_only,
        limits=policy_convert.limits(message.limits, "conditions.limits"),
        approval=policy_convert.rule(message.approval, "conditions.approval")
        if message.HasField("approval")
        else None,
    )
    if found.not_before and found.not_after and found.not_before >= found.not_after:
        raise SignetError(
            Reason.INPUT_INVALID,
            "conditions.not_after is not after conditions.not_before, so the grant would never "
            "count; give a later one.",
        )
    return found


def _purposes(message: messages.Conditions) -> frozenset[KeyPurpose]:
    found = [policy_convert.purpose(number) for number in message.purposes]
    if None in found:
        raise SignetError(
            Reason.INPUT_MISSING,
            f"conditions.purposes has an entry that names none of {', '.join(KeyPurpose)}.",
        )
    return frozenset(value for value in found if value is not None)


def moment(message: Timestamp, field: str) -> datetime:
    """Read a time, to the microsecond; raises INPUT_INVALID."""
    try:
        return message.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise SignetError(
            Reason.INPUT_INVALID, f"{field} is not a time between the years 1 and 9999."
        ) from None


def _check_counted(found: Grant) -> None:
    counted = found.conditions.limits or found.conditions.approval is not None
    if not counted:
        return
    if found.effect is GrantEffect.DENY:
        raise SignetError(
            Reason.INPUT_INVALID,
            "A forbidding grant can have neither conditions.limits nor conditions.approval; leave "
            "them out.",
        )
    if not found.operations & USES:
        raise SignetError(
            Reason.INPUT_INVALID,
            "conditions.limits and conditions.approval are about signatures and stamps, but "
            "grant.operations has neither SIGN nor STAMP; add one, or leave them out.",
        )


def grant_message(value: Grant) -> messages.Grant:
    """Write a grant."""
    wrapper = messages.Operation
    return messages.Grant(
        name=f"grants/{value.id}",
        subject=f"groups/{value.group}" if value.group else value.identity,
        keys=f"keys/{value.keys}",
        operations=[
            convert.enum_number(wrapper, "OPERATION_", each) for each in sorted(value.operations)
        ],
        effect=convert.enum_number(messages.GrantEffect, "GRANT_EFFECT_", value.effect),
        conditions=_conditions_message(value.conditions),
        comment=value.comment,
        create_time=convert.timestamp(value.create_time),
        creator=value.creator,
    )


def _conditions_message(value: Conditions) -> messages.Conditions:
    approval = value.approval
    return messages.Conditions(
        purposes=[policy_convert.purpose_number(each) for each in sorted(value.purposes)],
        algorithms=[convert.algorithm_number(each) for each in sorted(value.algorithms)],
        not_before=convert.timestamp(value.not_before) if value.not_before else None,
        not_after=convert.timestamp(value.not_after) if value.not_after else None,
        schedule=schedule_message(value.schedule) if value.schedule else None,
        digest_only=value.digest_only,
        limits=policy_convert.limit_messages(value.limits),
        approval=policy_convert.rule_message(approval) if approval is not None else None,
    )
