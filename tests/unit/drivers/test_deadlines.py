"""Many deadlines, one timer."""

import asyncio
import time
from dataclasses import dataclass

import pytest

from signetd.drivers.isolation.deadlines import Deadlines


@dataclass(eq=False)
class Asker:
    """Somebody with a deadline."""

    deadline: float | None


async def test_each_is_told_at_its_own_deadline_and_not_before() -> None:
    passed: dict[Asker, float] = {}
    deadlines = Deadlines[Asker](lambda who: passed.__setitem__(who, time.monotonic()))
    began = time.monotonic()
    askers = [Asker(began + seconds) for seconds in (0.3, 0.05, 0.15, 0.1, 0.02)]
    for asker in askers:
        deadlines.add(asker)
    deadlines.add(Asker(None))
    deadlines.remove(askers[3])
    await asyncio.sleep(0.5)
    assert set(passed) == {askers[0], askers[1], askers[2], askers[4]}
    for asker, at in passed.items():
        assert asker.deadline is not None
        assert 0 <= at - asker.deadline < 0.1


async def test_those_of_the_same_patience_share_a_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    timers = []
    call_later = loop.call_later

    def counted(*arguments: object) -> asyncio.TimerHandle:
        timers.append(arguments)
        return call_later(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "call_later", counted)
    deadlines = Deadlines[Asker](lambda who: None)
    for _ in range(1000):
        asker = Asker(time.monotonic() + 10)
        deadlines.add(asker)
        deadlines.remove(asker)
    assert len(timers) == 1
