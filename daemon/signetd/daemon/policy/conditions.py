"""Whether the conditions of a grant hold. One table, for deciding and for explaining."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from signetd.daemon.policy import schedule
from signetd.daemon.policy.types import Conditions, Grant, GrantEffect, Operation
from signetd.daemon.policy.use import Use


@dataclass(frozen=True)
class Condition:
    """One kind of condition: whether a grant has it, whether it holds, and its text for people.

    ``holds`` gives None where it cannot be told.
    """

    given: Callable[[Conditions], bool]
    holds: Callable[[Conditions, Use], bool | None]
    text: Callable[[Conditions, Use], str]


def counts(grant: Grant, use: Use) -> bool:
    """Tell whether the conditions of *grant* let it count; limits and approval are not looked at.

    What cannot be told never helps: then a permission does not count, and a prohibition does.
    """
    unknown = grant.effect is GrantEffect.DENY
    for condition in CONDITIONS:
        if condition.given(grant.conditions):
            held = condition.holds(grant.conditions, use)
            if not (unknown if held is None else held):
                return False
    return True


def _purposes(conditions: Conditions, use: Use) -> bool | None:
    return None if use.purpose is None else use.purpose in conditions.purposes


def _algorithms(conditions: Conditions, use: Use) -> bool | None:
    if use.operation is Operation.READ:
        return True  # who reads a key uses no algorithm
    return None if use.algorithm is None else use.algorithm in conditions.algorithms


def _digest_only(conditions: Conditions, use: Use) -> bool:
    return use.operation is Operation.READ or use.digest_given


def _not_before(conditions: Conditions, use: Use) -> bool:
    return conditions.not_before is None or use.moment >= conditions.not_before


def _not_after(conditions: Conditions, use: Use) -> bool:
    return conditions.not_after is None or use.moment < conditions.not_after


def _schedule(conditions: Conditions, use: Use) -> bool | None:
    return conditions.schedule is None or schedule.is_open(conditions.schedule, use.moment)


def _schedule_text(conditions: Conditions, use: Use) -> str:
    if conditions.schedule is None:
        return "at any time"
    shown = schedule.clock_text(conditions.schedule, use.moment)
    return f"only at {schedule.text(conditions.schedule)}; it is {shown} there"


def _time(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment is not None else ""


def _names(values: Iterable[StrEnum]) -> str:
    return ", ".join(sorted(values))


CONDITIONS: Final = (
    Condition(
        lambda conditions: bool(conditions.purposes),
        _purposes,
        lambda conditions, use: (
            f"only for keys with the purpose {_names(conditions.purposes)}; "
            f"this one's is {use.purpose or 'not known'}"
        ),
    ),
    Condition(
        lambda conditions: bool(conditions.algorithms),
        _algorithms,
        lambda conditions, use: (
            f"only with {_names(conditions.algorithms)}; this use has "
            f"{use.algorithm or 'no algorithm that is known'}"
        ),
    ),
    Condition(
        lambda conditions: conditions.not_before is not None,
        _not_before,
        lambda conditions, use: f"only from {_time(conditions.not_before)} on",
    ),
    Condition(
        lambda conditions: conditions.not_after is not None,
        _not_after,
        lambda conditions, use: f"only before {_time(conditions.not_after)}",
    ),
    Condition(lambda conditions: conditions.schedule is not None, _schedule, _schedule_text),
    Condition(
        lambda conditions: conditions.digest_only,
        _digest_only,
        lambda conditions, use: "only for digests, not for whole messages",
    ),
)
"""Every kind of condition that depends on nothing but the use."""
