"""What the log says of certificates that end: at each stage, and then once a day."""

import asyncio
import itertools
from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from signetd.daemon.certificates import ExpiryWatch, watch
from signetd.daemon.keys import KeyState, RegisteredKey
from tests.unit.daemon.key_certificates.having import DAY, NOW, key, until

HOUR = timedelta(hours=1)


class World:
    """Keys, and a clock that is set by hand."""

    def __init__(self, *keys: RegisteredKey) -> None:
        self.keys = list(keys)
        self.now = NOW
        self.watch = ExpiryWatch(self, lambda: self.now)

    def all(self) -> list[RegisteredKey]:
        return self.keys

    def look(self, now: datetime = NOW) -> list[MutableMapping[str, Any]]:
        self.now = now
        with capture_logs() as logs:
            self.watch.look()
        return logs


def test_each_stage_is_told_once_and_then_once_a_day() -> None:
    end = NOW + 40 * DAY
    world = World(key(until(end).der))
    told = [
        (hours, line["event"], line["days"])
        for hours in range(43 * 24)
        for line in world.look(NOW + hours * HOUR)
    ]
    times = [hours for hours, _, _ in told]
    assert times[0] == 10 * 24, "thirty days before the end"
    assert times[-1] >= 42 * 24, "and it goes on when it is over"
    assert all(later - former <= 24 for former, later in itertools.pairwise(times))
    assert {33 * 24, 39 * 24} <= set(times), "seven days before, and one"
    expired = [hours for hours, event, _ in told if event == watch.EXPIRED]
    assert expired[0] == 40 * 24 + 1, "the end itself still counts"
    assert len(told) <= 43 - 10 + 4


def test_the_line_says_all_that_one_must_know() -> None:
    made = until(NOW + 6.5 * DAY)
    (line,) = World(key(made.der)).look()
    assert line["log_level"] == "warning"
    assert line["event"] == "certificate expires soon"
    assert (line["key"], line["days"]) == ("seal", 6)
    assert line["not_after"] == "2026-06-08T00:00:00Z"
    assert line["subject"] == "CN=leaf"


def test_a_new_certificate_ends_the_warnings_and_begins_its_own() -> None:
    world = World(key(until(NOW + 5 * DAY).der))
    assert len(world.look()) == 1
    world.keys = [key(until(NOW + 90 * DAY).der)]
    assert world.look() == []
    world.keys = [key(until(NOW + 6 * DAY).der)]
    assert len(world.look()) == 1
    world.keys = [key(until(NOW + 6 * DAY).der)]
    assert len(world.look()) == 1, "another one in the same stage"


def test_keys_that_need_none_are_not_told_of() -> None:
    old = until(NOW - DAY).der
    destroyed, without = key(old, state=KeyState.DESTROYED), key(name="without")
    unreadable = key(b"\x30\x00", name="unreadable")
    world = World(
        destroyed, without, unreadable, key(old, name="disabled", state=KeyState.DISABLED)
    )
    assert [line["key"] for line in world.look()] == ["disabled"]


async def test_it_looks_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_PERIOD_SECONDS", 0.01)
    world = World(key(until(NOW + 40 * DAY).der))
    with capture_logs() as logs:
        running = asyncio.create_task(world.watch.run())
        await asyncio.sleep(0.05)
        assert not logs
        world.now = NOW + 35 * DAY
        async with asyncio.timeout(10):
            while not logs:  # noqa: ASYNC110  # what is waited for is a line of the log
                await asyncio.sleep(0.01)
        running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [line["event"] for line in logs] == [watch.SOON]
