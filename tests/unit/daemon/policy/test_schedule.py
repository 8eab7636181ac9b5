"""When a schedule is open: days, stretches over midnight, and days on which clocks are changed."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from signetd.daemon.policy import schedule
from signetd.daemon.policy.evaluate import decide
from signetd.daemon.policy.types import Schedule
from tests.unit.daemon.policy.values import deny, grant, snapshot, use

OFFICE = Schedule(
    weekdays=frozenset({1, 2, 3, 4, 5}), start=time(8), end=time(18), time_zone="Asia/Shanghai"
)
NIGHT = Schedule(weekdays=frozenset({5}), start=time(22), end=time(6), time_zone="UTC")


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def opening(start: str, end: str, zone: str = "UTC", **changes: Any) -> Schedule:
    return Schedule(
        start=time.fromisoformat(start), end=time.fromisoformat(end), time_zone=zone, **changes
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-25T00:00", True),  # 08:00 on Wednesday in Shanghai
        ("2026-11-24T23:59:59.999999", False),
        ("2026-11-25T09:59:59.999999", True),
        ("2026-11-25T10:00", False),
        ("2026-11-28T01:00", False),  # Saturday
        ("2026-11-30T01:00", True),  # Monday
        ("2026-11-29T23:59", False),  # 07:59 on Monday
    ],
)
def test_hours_and_days_are_those_of_the_zone(moment: str, expected: bool) -> None:
    assert schedule.is_open(OFFICE, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-27T21:59", False),
        ("2026-11-27T22:00", True),  # Friday
        ("2026-11-28T00:00", True),
        ("2026-11-28T05:59", True),
        ("2026-11-28T06:00", False),
        ("2026-11-28T22:00", False),  # Saturday
        ("2026-11-27T05:00", False),  # the end of Thursday's night
    ],
)
def test_a_stretch_over_midnight_belongs_to_the_day_it_begins_on(
    moment: str, expected: bool
) -> None:
    assert schedule.is_open(NIGHT, at(moment)) is expected


def test_a_sunday_night_ends_on_monday() -> None:
    night = opening("22:00", "06:00", weekdays=frozenset({7}))
    assert schedule.is_open(night, at("2026-11-30T05:59"))
    assert not schedule.is_open(night, at("2026-11-29T05:59"))


def test_a_whole_day_and_an_end_at_midnight() -> None:
    whole = opening("00:00", "00:00", weekdays=frozenset({3}))
    assert schedule.is_open(whole, at("2026-11-25T00:00"))
    assert schedule.is_open(whole, at("2026-11-25T23:59:59"))
    assert not schedule.is_open(whole, at("2026-11-26T00:00"))
    evening = opening("20:00", "00:00")
    assert schedule.is_open(evening, at("2026-11-25T23:59"))
    assert not schedule.is_open(evening, at("2026-11-26T00:00"))
    from_noon_to_noon = opening("12:00", "12:00", weekdays=frozenset({3}))
    assert schedule.is_open(from_noon_to_noon, at("2026-11-26T11:59"))
    assert not schedule.is_open(from_noon_to_noon, at("2026-11-25T11:59"))


def test_when_summer_time_begins_the_hour_that_is_left_out_is_over_at_once() -> None:
    """On 29 March 2026 clocks in Berlin go from 02:00 to 03:00."""
    early = opening("02:30", "04:00", "Europe/Berlin")
    before = at("2026-03-29T00:59:59")  # 01:59:59
    assert not schedule.is_open(early, before)
    assert schedule.is_open(early, at("2026-03-29T01:00"))  # 03:00
    assert not schedule.is_open(early, at("2026-03-29T02:00"))  # 04:00
    left_out = opening("02:00", "03:00", "Europe/Berlin")
    assert not schedule.is_open(left_out, before)
    assert not schedule.is_open(left_out, at("2026-03-29T01:00"))


def test_when_summer_time_ends_the_hour_that_comes_twice_counts_twice() -> None:
    """On 25 October 2026 clocks in Berlin go from 03:00 back to 02:00."""
    early = opening("02:00", "03:00", "Europe/Berlin")
    for fold in (0, 1):
        assert schedule.is_open(early, at("2026-10-25T02:30", "Europe/Berlin", fold))
    assert schedule.is_open(early, at("2026-10-25T00:00"))
    assert schedule.is_open(early, at("2026-10-25T01:59:59"))
    assert not schedule.is_open(early, at("2026-10-25T02:00"))


def test_the_same_hour_of_the_clock_counts_in_summer_and_winter() -> None:
    office = opening("08:00", "09:00", "Europe/Berlin")
    assert schedule.is_open(office, at("2026-07-01T06:30"))
    assert schedule.is_open(office, at("2026-12-01T07:30"))
    assert not schedule.is_open(office, at("2026-12-01T06:30"))


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "America", "../etc/passwd", "right/UTC", "localtime", "a\x00b", "/"]
)
def test_what_is_no_zone(name: str) -> None:
    assert schedule.zone(name) is None


@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/Argentina/Ushuaia", "Etc/GMT+8"])
def test_what_is_a_zone(name: str) -> None:
    assert schedule.zone(name) is not None, f"{name} is missing here; install the package tzdata"


def test_a_zone_that_the_machine_lost_never_helps() -> None:
    lost = opening("00:00", "00:00", "Mars/Base")
    assert not decide(snapshot(grant(schedule=lost)), use()).allowed
    assert not decide(snapshot(grant(), deny(schedule=lost)), use()).allowed


def test_text() -> None:
    assert schedule.text(OFFICE) == "mon tue wed thu fri 08:00-18:00 Asia/Shanghai"
    assert schedule.text(opening("20:00", "00:00")) == "every day 20:00-24:00 UTC"
    assert schedule.clock_text(OFFICE, at("2026-11-28T01:30")) == "sat 09:30"
