"""Watching approvals: what is told, to whom, and how a watch ends."""

import asyncio
from typing import Any

from signetd.daemon.rpc.feed import QUEUE
from signetd.drivers.errors import Reason
from tests.unit.daemon.approvals.called import SIGN, Service, refusal
from tests.unit.daemon.approvals.samples import DAY


async def read(watch: Any) -> tuple[str, int, int]:
    told = (await asyncio.wait_for(anext(watch), 20)).approval
    return told.name, told.state, len(told.votes)


async def test_a_watch_has_the_open_ones_and_then_every_change(service: Service) -> None:
    old, mine = await service.create("other", sign=SIGN), await service.create(sign=SIGN)
    watch, narrow = service.watch("admin-3"), service.watch("other")
    assert [await read(watch) for _ in range(2)] == [(mine.name, 1, 0), (old.name, 1, 0)]
    assert await read(narrow) == (old.name, 1, 0)
    await service.vote("admin-1", mine)
    await service.vote("admin-1", old)
    await service.vote("admin-2", mine)
    service.office.now += 2 * DAY
    await service.office.approvals.expire_due()
    told = [await read(watch) for _ in range(5)]
    assert told[:3] == [(mine.name, 1, 1), (old.name, 1, 1), (mine.name, 2, 2)]
    assert sorted(told[3:]) == sorted([(mine.name, 5, 2), (old.name, 5, 1)])
    assert [await read(narrow) for _ in range(2)] == [(old.name, 1, 1), (old.name, 5, 1)]


async def test_what_changes_while_the_open_ones_are_read_is_not_missed(service: Service) -> None:
    first, second = await service.create(sign=SIGN), await service.create(sign=SIGN)
    watch = service.watch("admin-3")
    assert (await read(watch))[0] == second.name
    await service.vote("admin-1", second)
    await service.vote("admin-2", second)
    assert await read(watch) == (first.name, 1, 0)
    assert [await read(watch) for _ in range(2)] == [(second.name, 1, 1), (second.name, 2, 2)]


async def test_one_that_lags_behind_is_told_to_begin_again(service: Service) -> None:
    made = await service.create(sign=SIGN)
    known = service.office.told[-1]
    watch = service.watch("admin-3")
    assert (await read(watch))[0] == made.name
    for _ in range(QUEUE + 1):
        service.office.changes.tell(known)
    error = await refusal(anext(watch))
    assert (error.reason, error.retryable) == (Reason.OVERLOADED, True)
    assert (await read(service.watch("admin-3")))[0] == made.name


async def test_watches_are_shared_and_given_back(service: Service) -> None:
    await service.create(sign=SIGN)
    watches = [service.watch("admin-1") for _ in range(2)]
    for watch in watches:
        await read(watch)
    error = await refusal(anext(service.watch("admin-1")))
    assert (error.reason, error.metadata) == (Reason.OVERLOADED, {"limit": "watchers"})
    await watches[0].aclose()
    assert await read(service.watch("admin-1"))


async def test_when_the_daemon_stops_watches_end(service: Service) -> None:
    await service.create(sign=SIGN)
    watch = service.watch("admin-1")
    await read(watch)
    service.watchers.close()
    assert (await refusal(anext(watch))).reason is Reason.SHUTTING_DOWN
    assert (await refusal(anext(service.watch("admin-1")))).reason is Reason.SHUTTING_DOWN
