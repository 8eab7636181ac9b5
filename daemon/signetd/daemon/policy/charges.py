"""What a use costs: which counters it counts up, and how far they may go."""

from datetime import UTC, datetime
from typing import Final

from signetd.daemon.audit.types import Alternative, Charge
from signetd.daemon.policy.evaluate import Option
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy, Period, UseLimit

_WINDOWS: Final = {Period.MINUTE: "%Y-%m-%dT%H:%M", Period.DAY: "%Y-%m-%d", Period.EVER: ""}


def window(period: Period, moment: datetime) -> str:
    """Name the minute or day of UTC that *moment* is in; "" for all time."""
    if moment.tzinfo is None:
        raise ValueError("the moment of a use must have a time zone")
    return moment.astimezone(UTC).strftime(_WINDOWS[period])


def charges_of(option: Option, moment: datetime) -> Alternative:
    """Return what a signature costs by one grant."""
    scope = f"grants/{option.grant_id}"
    charges = tuple(_charge(scope, limit, moment) for limit in option.limits)
    return Alternative(grant=option.grant_id, charges=charges)


def key_charges(key_id: str, policy: KeyPolicy, moment: datetime) -> tuple[Charge, ...]:
    """Return what a signature costs by its key: its uses for ever are counted in any case."""
    scope = f"keys/{key_id}"
    limits = {limit.period: limit for limit in policy.limits}
    ever = limits.pop(Period.EVER, None)
    counted = Charge(scope=scope, limit=ever.count if ever is not None else None)
    return (counted, *(_charge(scope, limit, moment) for limit in limits.values()))


def approvals_of(option: Option, policy: KeyPolicy) -> tuple[ApprovalRule, ...]:
    """Return the rules of which each must be met: that of the key, and that of the grant."""
    return tuple(rule for rule in (policy.approval, option.approval) if rule is not None)


def _charge(scope: str, limit: UseLimit, moment: datetime) -> Charge:
    return Charge(scope=scope, window=window(limit.period, moment), limit=limit.count)
