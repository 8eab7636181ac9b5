"""Grants as they are asked for."""

from dataclasses import dataclass
from datetime import datetime, time

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import resources_pb2 as resources
from signetd.client import errors, messages
from signetd.client.key_policies import approval_rule, limits, purpose_value

_HOUR, _MINUTE, _DAY = 3600, 60, 86400


@dataclass(frozen=True, kw_only=True)
class ScheduleItem:
    """Stretches of a week, by the clock of an IANA time zone.

    ``weekdays`` are 1 (Monday) to 7, none for all; an end that is not after the start is on the
    next day, so 00:00 is the end of the day.
    """

    time_zone: str
    weekdays: tuple[int, ...] = ()
    start: time = time(0)
    end: time = time(0)


@dataclass(frozen=True, kw_only=True)
class GrantItem:
    """A permission, or with ``deny`` a prohibition; see ``Grant`` and ``Conditions`` of the API.

    ``subject`` is an identity's name or `groups/{group}`, ``keys`` a pattern such as `invoice-*`,
    ``operations`` are of "read", "verify", "sign" and "stamp". Limits are numbers of signatures and
    stamps, 0 for none.
    ``approvals`` people of the group ``approvers`` must approve, of the security administrators
    if that is "". Times must have a zone.
    """

    subject: str
    keys: str
    operations: tuple[str, ...]
    deny: bool = False
    purposes: tuple[str, ...] = ()
    algorithms: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    schedule: ScheduleItem | None = None
    digest_only: bool = False
    per_minute: int = 0
    per_day: int = 0
    in_all: int = 0
    approvals: int = 0
    approvers: str = ""
    comment: str = ""


def grant_name(name: str) -> str:
    """Write the resource name of a grant."""
    return name if name.startswith("grants/") else f"grants/{name}"


def operation_number(name: str) -> access.Operation.ValueType:
    """Number of an operation by its name. Raises InvalidRequest."""
    number = messages.enum_number("OPERATION", name, access.Operation.keys())
    return access.Operation.ValueType(number)


def algorithm_value(name: str | None) -> resources.Algorithm.ValueType:
    """Number of an algorithm by its name; 0 for None. Raises InvalidRequest."""
    return resources.Algorithm.ValueType(messages.algorithm_number(name))


def grant_message(item: GrantItem) -> access.Grant:
    """Write a grant. Raises InvalidRequest."""
    effect = access.GRANT_EFFECT_DENY if item.deny else access.GRANT_EFFECT_ALLOW
    return access.Grant(
        subject=item.subject,
        keys=messages.key_name(item.keys),
        operations=[operation_number(name) for name in item.operations],
        effect=effect,
        conditions=_conditions(item),
        comment=item.comment,
    )


def _conditions(item: GrantItem) -> access.Conditions:
    return access.Conditions(
        purposes=[purpose_value(name) for name in item.purposes],
        algorithms=[algorithm_value(name) for name in item.algorithms],
        not_before=timestamp(item.not_before),
        not_after=timestamp(item.not_after),
        schedule=_schedule(item.schedule) if item.schedule is not None else None,
        digest_only=item.digest_only,
        limits=limits(item.per_minute, item.per_day, item.in_all),
        approval=approval_rule(item.approvals, item.approvers),
    )


def _schedule(item: ScheduleItem) -> access.Schedule:
    return access.Schedule(
        weekdays=[access.Weekday.ValueType(day) for day in item.weekdays],
        start=Duration(seconds=_after_midnight(item.start)),
        end=Duration(seconds=_after_midnight(item.end) or _DAY),
        time_zone=item.time_zone,
    )


def _after_midnight(clock: time) -> int:
    return clock.hour * _HOUR + clock.minute * _MINUTE


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Write a time, if one is given. Raises InvalidRequest for one without a zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise errors.InvalidRequest(
            f"{moment.isoformat()} has no time zone; add one, such as Z or +08:00",
            reason="INPUT_INVALID",
        )
    written = Timestamp()
    written.FromDatetime(moment)
    return written
