"""Days and hours, as they are given to ``signetctl access grant add``."""

from datetime import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from signetd.client import ScheduleItem

Weekdays = Annotated[
    str | None,
    typer.Option(help="Days on which it begins to count: mon-fri, or mon,wed; default: all"),
]
Start = Annotated[
    str | None, typer.Option("--from", help="From this time of day on, such as 08:00")
]
End = Annotated[
    str | None,
    typer.Option("--until", help="Before this time of day; may be next day"),
]
Zone = Annotated[
    str | None, typer.Option(help="Time zone of days and hours, such as Asia/Shanghai; needed then")
]

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def schedule(
    weekdays: str | None, start: str | None, end: str | None, zone: str | None
) -> "ScheduleItem | None":
    """Return the schedule, if anything of it is given; raises BadParameter."""
    if weekdays is None and start is None and end is None and zone is None:
        return None
    if not zone:
        raise typer.BadParameter(
            "days and hours need a time zone, such as Asia/Shanghai", param_hint="--zone"
        )
    from signetd.client import ScheduleItem

    return ScheduleItem(
        time_zone=zone,
        weekdays=_weekdays(weekdays) if weekdays else (),
        start=_clock(start or "00:00", "--from"),
        end=_clock(end or "24:00", "--until"),
    )


def _weekdays(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise typer.BadParameter(
                f"{text} is not like mon-fri or mon,wed; the days are {', '.join(_DAYS)}",
                param_hint="--weekdays",
            )
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        # sat-mon goes over the end of the week.
        found.update((begin + step) % 7 + 1 for step in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def _clock(text: str, option: str) -> time:
    if option == "--until" and text == "24:00":
        return time(0)
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.second or found.microsecond or found.tzinfo:
        raise typer.BadParameter(f"{text} is not a time of day such as 08:00", param_hint=option)
    return found
