"""When a schedule is open, by the clock on the wall of its time zone.

An hour that the clock shows twice, when summer time ends, counts both times; one that it leaves
out, when summer time begins, is over at once.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from signetd.daemon.policy.types import Schedule

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Short names of the days of the week; the first one is the number 1."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}")
# What these mean depends on the machine, or is the same zone with leap seconds.
_NOT_ZONES: Final = ("localtime", "posixrules", "posix/", "right/")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """Return the IANA time zone of that name; None if this machine does not know it."""
    if not _NAME.fullmatch(name) or name.startswith(_NOT_ZONES):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return None


def is_open(schedule: Schedule, moment: datetime) -> bool | None:
    """Tell whether *moment* is in one of the stretches; None if the zone is not known here."""
    where = zone(schedule.time_zone)
    if where is None:
        return None
    local = moment.astimezone(where)
    today, clock = local.isoweekday(), local.time()
    if schedule.start < schedule.end:
        return _begins(schedule, today) and schedule.start <= clock < schedule.end
    if clock >= schedule.start and _begins(schedule, today):
        return True
    yesterday = today - 1 or len(DAYS)
    return clock < schedule.end and _begins(schedule, yesterday)


def _begins(schedule: Schedule, day: int) -> bool:
    return not schedule.weekdays or day in schedule.weekdays


def text(schedule: Schedule) -> str:
    """Write a schedule for people: ``mon tue 08:00-18:00 Asia/Shanghai``."""
    days = " ".join(DAYS[day - 1] for day in sorted(schedule.weekdays)) or "every day"
    end = "24:00" if schedule.end == schedule.end.min else f"{schedule.end:%H:%M}"
    return f"{days} {schedule.start:%H:%M}-{end} {schedule.time_zone}"


def clock_text(schedule: Schedule, moment: datetime) -> str:
    """Write what the clock of the schedule's zone shows at *moment*: ``sat 09:30``."""
    where = zone(schedule.time_zone)
    if where is None:
        return "a time that is not known, because this machine has no such time zone"
    local = moment.astimezone(where)
    return f"{DAYS[local.isoweekday() - 1]} {local:%H:%M}"
