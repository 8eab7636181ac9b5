"""The time in stamps: it follows on the audit and on the seal, and no clock behind is believed."""

from datetime import timedelta
from pathlib import Path

import pytest

from signetd.daemon.seals.stamp_clock import StampClock
from signetd.daemon.state import Database
from signetd.drivers.errors import Reason
from signetd.seal import parse_stamp
from tests.unit.daemon.seals.office import refusal
from tests.unit.daemon.stamps.office import StampOffice, opened

SECOND = timedelta(seconds=1)


async def test_a_clock_that_jumps_back_is_not_believed(office: StampOffice) -> None:
    await office.sealed()
    office.later(3600)
    await office.stamp()
    office.later(-60)
    error = await refusal(office.stamp())
    assert (error.reason, "set the clock" in error.message) == (Reason.CLOCK_WRONG, True)
    assert office.last_record()["result"] == "CLOCK_WRONG"
    office.later(61)
    await office.stamp()


async def test_a_little_behind_is_the_time_of_the_last_record(office: StampOffice) -> None:
    await office.sealed()
    office.later(3600)
    first = parse_stamp((await office.stamp()).stamp).time
    office.later(-office.config.clock_tolerance)
    assert parse_stamp((await office.stamp()).stamp).time == first
    assert office.slept == []


async def test_times_of_stamps_never_go_back(office: StampOffice) -> None:
    await office.sealed()
    times = []
    for seconds in (0.6, 0.6, -0.9, 0.2, 1.4):
        office.later(seconds)
        times.append(parse_stamp((await office.stamp()).stamp).time)
    assert times == sorted(times, key=lambda each: each or office.now)


async def test_no_stamp_is_older_than_the_filing_of_its_seal(office: StampOffice) -> None:
    """A stamp has whole seconds: in the second of the filing, it would be from before it."""
    office.later(0.4)
    filed = await office.sealed()
    office.later(0.1)
    made = parse_stamp((await office.stamp()).stamp)
    since = filed.update_time.ToDatetime(tzinfo=office.now.tzinfo)
    assert office.slept == [pytest.approx(0.505)]
    assert made.time is not None
    assert made.time >= since
    assert made.time >= made.seal.info.properties.create_time
    status = await office.call("reviewer", "GetSealStatus", name="seals/company", time=made.time)
    assert status.good, "by its own time, the stamp is of a seal in use"


async def test_a_stamp_after_a_resumption_is_after_it(office: StampOffice) -> None:
    await office.sealed()
    office.later(10)
    await office.act("Suspend")
    office.later(0.25)
    await office.act("Resume")
    made = parse_stamp((await office.stamp()).stamp)
    assert made.time == office.now.replace(microsecond=0)
    assert office.slept == [pytest.approx(0.755)]


async def test_a_seal_that_another_daemon_changed_later_than_now(office: StampOffice) -> None:
    """Its clock is ahead of ours by more than the tolerance."""
    await office.sealed()
    now = office.now
    seen = office.database.seals.get("company")
    assert seen is not None
    clock = StampClock(lambda: now, lambda: now, 1.0)
    error = await refusal(clock.time(since=now + timedelta(seconds=1.5)))
    assert (error.reason, "change of the seal" in error.message) == (Reason.CLOCK_WRONG, True)


async def test_a_clock_that_is_set_back_while_the_daemon_is_down(
    database: Database, tmp_path: Path
) -> None:
    """The audit remembers what time it was; a seal that was over is not brought back to life."""
    async with opened(database, tmp_path) as office:
        await office.sealed(valid_until=office.now + timedelta(hours=1))
        office.later(7200)
        assert (await refusal(office.stamp())).reason is Reason.SEAL_NOT_VALID_NOW
        await office.sealed("other")
        late = office.now
    (tmp_path / "again").mkdir()
    again = StampOffice(database, tmp_path / "again")
    again.now = late - timedelta(hours=2)
    await again.join()
    error = await refusal(again.stamp())
    assert (error.reason, again.token.signed) == (Reason.CLOCK_WRONG, 0)
    again.now = late
    await again.stamp("other")
    await again.end()
