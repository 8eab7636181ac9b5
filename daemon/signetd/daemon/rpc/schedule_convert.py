"""Between the messages of the API and schedules."""

from datetime import time
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration

from signetd.api.v1 import access_service_pb2 as messages
from signetd.daemon.policy.schedule import zone
from signetd.daemon.policy.types import Schedule
from signetd.drivers.errors import Reason, SignetError

_MINUTE: Final = 60
_DAY: Final = 24 * 60 * _MINUTE


def schedule(message: messages.Schedule) -> Schedule:
    """Read a schedule; raises INPUT_MISSING or INPUT_INVALID."""
    start = _seconds(message.start, "conditions.schedule.start")
    end = _seconds(message.end, "conditions.schedule.end")
    if not (0 <= start < _DAY and 0 < end <= _DAY):
        raise SignetError(
            Reason.INPUT_INVALID,
            "conditions.schedule.start must be from 0 s to below 24 h, and "
            "conditions.schedule.end above 0 s and at most 24 h, after midnight.",
        )
    return Schedule(
        weekdays=_weekdays(message),
        start=_clock(start),
        end=_clock(end % _DAY),
        time_zone=_zone(message.time_zone),
    )


def _seconds(message: Duration, field: str) -> int:
    if message.nanos or message.seconds % _MINUTE:
        raise SignetError(Reason.INPUT_INVALID, f"{field} must be whole minutes after midnight.")
    return int(message.seconds)


def _clock(seconds: int) -> time:
    return time(*divmod(seconds // _MINUTE, 60))


def _weekdays(message: messages.Schedule) -> frozenset[int]:
    # The numbers of the API are those of ISO 8601.
    known = set(messages.Weekday.values()) - {messages.WEEKDAY_UNSPECIFIED}
    if not known.issuperset(message.weekdays):
        raise SignetError(
            Reason.INPUT_INVALID,
            "conditions.schedule.weekdays has an entry that is no day; give 1 (Monday) to 7.",
        )
    return frozenset(int(day) for day in message.weekdays)


def _zone(name: str) -> str:
    if not name:
        raise SignetError(
            Reason.INPUT_MISSING,
            "conditions.schedule.time_zone is missing; give an IANA name such as Asia/Shanghai.",
        )
    if zone(name) is None:
        raise SignetError(
            Reason.INPUT_INVALID,
            f"conditions.schedule.time_zone is {name[:80]!r}, which this machine does not know; "
            "give an IANA name such as Asia/Shanghai (Debian: package tzdata).",
        )
    return name


def schedule_message(value: Schedule) -> messages.Schedule:
    """Write a schedule; an end at midnight is 24 h."""
    days: Any = sorted(value.weekdays)
    return messages.Schedule(
        weekdays=days,
        start=Duration(seconds=_after_midnight(value.start)),
        end=Duration(seconds=_after_midnight(value.end) or _DAY),
        time_zone=value.time_zone,
    )


def _after_midnight(clock: time) -> int:
    return (clock.hour * 60 + clock.minute) * _MINUTE
