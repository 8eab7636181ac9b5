"""A seal, its history and the record of what was done change together, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.keys import KeyState
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.places import Place, SharedPlace
from tests.unit.daemon.seals.office import Office, opened, refusal

IN_USE, SUSPENDED = messages.SEAL_STATE_IN_USE, messages.SEAL_STATE_SUSPENDED


@pytest.fixture
async def breaking(tmp_path: Path) -> AsyncIterator[tuple[Place, Office]]:
    """An office on SQLite whose tables can be made to refuse rows."""
    place = Place(tmp_path / "state", None)
    database = place.open()
    async with opened(database) as office:
        await office.in_use()
        yield place, office
        place.run("DROP TRIGGER IF EXISTS no")
    database.close()


def refuse(place: Place, table: str) -> None:
    place.run(
        f"CREATE TRIGGER no BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no room'); END"
    )


async def test_without_its_record_nothing_changes(breaking: tuple[Place, Office]) -> None:
    place, office = breaking
    refuse(place, "audit_records")
    for work in (
        office.act("Suspend"),
        office.act("Cancel"),
        office.call("other", "ReportKeyCompromise", key="keys/sealing", reason="stolen"),
    ):
        assert (await refusal(work)).reason is Reason.AUDIT_UNAVAILABLE
    place.run("DROP TRIGGER no")
    assert (await office.get()).state == IN_USE
    assert len(await office.events()) == 4
    await office.book.refresh()
    assert office.keys.get("sealing").state is KeyState.ENABLED


async def test_without_its_entry_in_the_history_nothing_changes(
    breaking: tuple[Place, Office],
) -> None:
    place, office = breaking
    refuse(place, "seal_events")
    with pytest.raises(Exception, match="no room"):
        await office.act("Suspend")
    await_key = office.call("other", "ReportKeyCompromise", key="keys/sealing", reason="stolen")
    with pytest.raises(Exception, match="no room"):
        await await_key
    place.run("DROP TRIGGER no")
    assert (await office.get()).state == IN_USE
    assert len(await office.events()) == 4
    await office.book.refresh()
    assert office.keys.get("sealing").state is KeyState.ENABLED
    assert [each["resource"] for each in office.records(result="INTERNAL")] == [
        "seals/company",
        "keys/sealing",
    ]


class TestTwoDaemons:
    """Two daemons share a database; each has a chain, a clock and a memory of its own."""

    @pytest.fixture
    async def both(self, shared: SharedPlace) -> AsyncIterator[tuple[Office, Office]]:
        async with AsyncExitStack() as stack:
            first = Office(stack.enter_context(shared.opened("one")), chain="one")
            await first.begin()
            stack.push_async_callback(first.end)
            second = Office(stack.enter_context(shared.opened("two")), chain="two")
            await second.join()
            stack.push_async_callback(second.end)
            yield first, second

    async def test_of_two_acts_at_once_one_wins(self, both: tuple[Office, Office]) -> None:
        await both[0].in_use()
        begun = asyncio.Barrier(2)
        for office in both:
            office.recorder.act = _together(office.recorder.act, begun)  # type: ignore[method-assign]
        results = await asyncio.gather(
            both[0].act("Suspend"), both[1].act("Cancel", who="other"), return_exceptions=True
        )
        errors = [each for each in results if isinstance(each, SignetError)]
        assert [each.reason for each in errors] == [Reason.SEAL_STATE_WRONG], results
        assert len(await both[0].events()) == 5

    async def test_of_two_that_make_a_seal_one_does(self, both: tuple[Office, Office]) -> None:
        await both[0].apply()
        await both[0].review()
        results = await asyncio.gather(
            both[0].make(seal_id="1"),
            both[1].make(who="other", seal_id="2"),
            return_exceptions=True,
        )
        errors = [each for each in results if isinstance(each, SignetError)]
        assert [each.reason for each in errors] == [Reason.SEAL_STATE_WRONG], results
        found = await both[1].get()
        assert found.seal_id in ("1", "2")
        assert found.maker == {"1": "reviewer", "2": "other"}[found.seal_id]

    async def test_two_give_out_one_code_once(self, both: tuple[Office, Office]) -> None:
        for name in ("a", "b"):
            await both[0].apply(name)
            await both[0].review(name)
        results = await asyncio.gather(
            both[0].make("a", seal_id="same"),
            both[1].make("b", seal_id="same"),
            return_exceptions=True,
        )
        states = [(await both[0].get(name)).state for name in ("a", "b")]
        assert sorted(states) == [messages.SEAL_STATE_ACCEPTED, messages.SEAL_STATE_MADE], results

    async def test_a_compromise_counts_in_the_other_at_once(
        self, both: tuple[Office, Office]
    ) -> None:
        await both[0].made()
        await both[1].call("other", "ReportKeyCompromise", key="keys/sealing", reason="stolen")
        assert (await refusal(both[0].file())).reason is Reason.KEY_STATE_WRONG
        assert (await refusal(both[0].apply("more"))).reason is Reason.KEY_STATE_WRONG

    async def test_clocks_that_differ_make_no_history_go_back(
        self, both: tuple[Office, Office]
    ) -> None:
        both[0].now += timedelta(hours=1)
        await both[0].in_use()
        await both[1].act("Suspend")
        times = [each.time.ToDatetime() for each in await both[1].events()]
        assert times == sorted(times)
        assert (await both[0].get()).state == SUSPENDED


def _together(act: Any, begun: asyncio.Barrier) -> Any:
    async def together(*arguments: Any, **options: Any) -> Any:
        await begun.wait()  # both have seen the seal as it was
        return await act(*arguments, **options)

    return together
