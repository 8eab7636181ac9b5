"""Between the messages of the API and what holds for keys: purposes, limits, approval rules."""

from collections.abc import Iterable
from typing import Any, Final

from signetd.api.v1 import resources_pb2
from signetd.daemon.policy.types import (
    SECURITY_ADMINS,
    ApprovalRule,
    KeyPolicy,
    KeyPurpose,
    Period,
    UseLimit,
)
from signetd.daemon.rpc import convert
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm

MAX_COUNT: Final = 10**12
"""Most uses that a limit can allow."""
MAX_APPROVERS: Final = 16
"""Most people whom a rule can ask for."""


def purpose(number: int) -> KeyPurpose | None:
    """Read a KeyPurpose; None if it is not given."""
    return convert.enum(KeyPurpose, resources_pb2.KeyPurpose, "KEY_PURPOSE_", number, "purpose")


def purpose_number(value: KeyPurpose) -> Any:
    """Write a KeyPurpose."""
    return convert.enum_number(resources_pb2.KeyPurpose, "KEY_PURPOSE_", value)


def limits(messages: Iterable[resources_pb2.UseLimit], field: str) -> tuple[UseLimit, ...]:
    """Read limits, of which each period has one at most; raises INPUT_INVALID naming *field*."""
    found = tuple(_limit(message, field) for message in messages)
    periods = [limit.period for limit in found]
    if len(set(periods)) != len(periods):
        raise SignetError(
            Reason.INPUT_INVALID, f"{field} has two limits for one period; give one for each."
        )
    return found


def _limit(message: resources_pb2.UseLimit, field: str) -> UseLimit:
    wrapper = resources_pb2.LimitPeriod
    period = convert.enum(Period, wrapper, "LIMIT_PERIOD_", message.period, f"{field}.period")
    if period is None:
        raise SignetError(
            Reason.INPUT_MISSING, f"{field}.period is missing; give MINUTE, DAY or EVER."
        )
    if not 1 <= message.count <= MAX_COUNT:
        raise SignetError(
            Reason.INPUT_INVALID, f"{field}.count is {message.count}; it must be 1 to {MAX_COUNT}."
        )
    return UseLimit(count=message.count, period=period)


def limit_messages(values: Iterable[UseLimit]) -> list[resources_pb2.UseLimit]:
    """Write limits."""
    wrapper = resources_pb2.LimitPeriod
    return [
        resources_pb2.UseLimit(
            count=value.count, period=convert.enum_number(wrapper, "LIMIT_PERIOD_", value.period)
        )
        for value in values
    ]


def rule(message: resources_pb2.ApprovalRule, field: str) -> ApprovalRule:
    """Read an approval rule; raises INPUT_INVALID naming *field*."""
    if not 1 <= message.count <= MAX_APPROVERS:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"{field}.count is {message.count}; it must be 1 to {MAX_APPROVERS}.",
        )
    group = SECURITY_ADMINS
    if message.group:
        group = convert.resource_id(message.group, "groups", f"{field}.group")
    return ApprovalRule(count=message.count, group=group)


def rule_message(value: ApprovalRule) -> resources_pb2.ApprovalRule:
    """Write an approval rule."""
    group = f"groups/{value.group}" if value.group else ""
    return resources_pb2.ApprovalRule(count=value.count, group=group)


def algorithms(numbers: Iterable[int], field: str) -> frozenset[Algorithm]:
    """Read a set of algorithms; raises INPUT_MISSING or INPUT_INVALID naming *field*."""
    found = [convert.algorithm(number, field) for number in numbers]
    if None in found:
        raise SignetError(Reason.INPUT_MISSING, f"{field} has an entry that names no algorithm.")
    return frozenset(value for value in found if value is not None)


def policy(message: resources_pb2.KeyPolicy) -> KeyPolicy:
    """Read a key's policy; raises INPUT_MISSING or INPUT_INVALID."""
    return KeyPolicy(
        limits=limits(message.limits, "policy.limits"),
        approval=rule(message.approval, "policy.approval")
        if message.HasField("approval")
        else None,
        algorithms=algorithms(message.algorithms, "policy.algorithms"),
        skip_verification=message.skip_verification,
    )


def policy_text(value: KeyPolicy) -> str:
    """Write a key's policy in a line, for the audit."""
    parts = [f"{limit.count} per {limit.period}" for limit in value.limits]
    if value.approval is not None:
        # A group can have any name, also one that sounds like the security administrators.
        group = value.approval.group
        who = f"groups/{group}" if group else "the security administrators"
        parts.append(f"{value.approval.count} approvals of {who}")
    parts += sorted(value.algorithms)
    if value.skip_verification:
        parts.append("signatures not verified")
    return ", ".join(parts) or "no limits"


def policy_message(value: KeyPolicy) -> resources_pb2.KeyPolicy:
    """Write a key's policy."""
    return resources_pb2.KeyPolicy(
        limits=limit_messages(value.limits),
        approval=rule_message(value.approval) if value.approval is not None else None,
        algorithms=[convert.algorithm_number(each) for each in sorted(value.algorithms)],
        skip_verification=value.skip_verification,
    )
