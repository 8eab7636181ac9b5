"""What holds for every use of a key, as it is asked for; and the rules that grants have too."""

from dataclasses import dataclass

from signetd.api.v1 import resources_pb2 as resources
from signetd.client import messages


@dataclass(frozen=True, kw_only=True)
class KeyPolicyItem:
    """What shall hold for every use of a key, whoever it is; see ``KeyPolicy`` of the API.

    Limits are numbers of signatures, 0 for none. ``approvals`` people of the group ``approvers``
    must approve each signature, of the security administrators if that is "". ``algorithms`` are
    names such as "RSA_PSS_SHA256"; none means all that suit the key. ``skip_verification``: its
    signatures leave unverified, which only a key for signing may have.
    """

    per_minute: int = 0
    per_day: int = 0
    in_all: int = 0
    approvals: int = 0
    approvers: str = ""
    algorithms: tuple[str, ...] = ()
    skip_verification: bool = False


def policy_message(item: KeyPolicyItem) -> resources.KeyPolicy:
    """Write a key's policy. Raises InvalidRequest."""
    return resources.KeyPolicy(
        limits=limits(item.per_minute, item.per_day, item.in_all),
        approval=approval_rule(item.approvals, item.approvers),
        algorithms=[
            resources.Algorithm.ValueType(messages.algorithm_number(name))
            for name in item.algorithms
        ],
        skip_verification=item.skip_verification,
    )


def purpose_value(name: str | None) -> resources.KeyPurpose.ValueType:
    """Number of a purpose by its name, such as "seal-making"; 0 for None. Raises InvalidRequest."""
    number = messages.enum_number("KEY_PURPOSE", name, resources.KeyPurpose.keys())
    return resources.KeyPurpose.ValueType(number)


def limits(per_minute: int, per_day: int, in_all: int) -> list[resources.UseLimit]:
    """Write limits; 0 is none."""
    counts = {
        resources.LIMIT_PERIOD_MINUTE: per_minute,
        resources.LIMIT_PERIOD_DAY: per_day,
        resources.LIMIT_PERIOD_EVER: in_all,
    }
    return [resources.UseLimit(count=count, period=each) for each, count in counts.items() if count]


def approval_rule(count: int, group: str) -> resources.ApprovalRule | None:
    """Write how many of which group must approve; None if nobody must."""
    if not count and not group:
        return None
    return resources.ApprovalRule(count=count or 1, group=group_name(group) if group else "")


def group_name(name: str) -> str:
    """Write the resource name of a group."""
    return name if name.startswith("groups/") else f"groups/{name}"
