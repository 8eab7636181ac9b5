"""The ledger: what is written together, what is counted, what is refused."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from signetd.daemon.audit import waiting as waiting_module
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Alternative, Charge, Kind, Written
from signetd.daemon.state.access_tables import ACCESS_GROUPS, POLICY_VERSION, USE_COUNTERS
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.audit.conftest import MakeLedger, entry, records

SEAL = "keys/seal"


def counters(store: AuditStore) -> dict[tuple[str, str], int]:
    with store.transaction() as connection:
        return {(scope, span): n for scope, span, n in connection.execute(select(USE_COUNTERS))}


def groups(store: AuditStore) -> list[str]:
    with store.transaction() as connection:
        return sorted(connection.scalars(select(ACCESS_GROUPS.c.id)))


def make_group(name: str) -> Any:
    def effect(connection: Connection, moment: datetime) -> None:
        connection.execute(insert(ACCESS_GROUPS).values(id=name))

    return effect


def refuse(connection: Connection, moment: datetime) -> None:
    raise SignetError(Reason.GROUP_IN_USE, "No.")


def change_policy(connection: Connection, moment: datetime) -> None:
    connection.execute(update(POLICY_VERSION).values(version=POLICY_VERSION.c.version + 1))


async def test_a_chain_begins_with_the_start_of_the_daemon(
    ledger: GroupLedger, store: AuditStore
) -> None:
    written = await ledger.write(entry())
    first, second = records(store)
    assert (first["kind"], first["operation"], first["detail"]) == (
        "start",
        "start",
        "signetd test",
    )
    assert written == Written(number=2, time=ledger.tail.time)
    assert second["use"] == 1, "a signature counts for its key though nobody charged it"


async def test_what_waits_is_written_together(ledger: GroupLedger, store: AuditStore) -> None:
    transactions: list[int] = []
    ledger.on_written(lambda tail: transactions.append(tail.number))
    written = await asyncio.gather(*(ledger.write(entry()) for _ in range(200)))
    assert [each.number for each in written] == list(range(2, 202))
    assert len(transactions) <= 2, "200 records that wait together need few transactions"
    assert [each.get("use") for each in records(store)] == [None, *range(1, 201)]


async def test_under_load_it_waits_for_some_more(
    ledger: GroupLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_module, "_GATHER", 60.0)
    monkeypatch.setattr(waiting_module, "_GATHER_EACH", 60.0)
    monkeypatch.setattr(waiting_module, "_ENOUGH", 3)
    monkeypatch.setattr(waiting_module, "_QUIET", 60.0)
    await ledger.write(entry())  # one alone does not wait
    await asyncio.gather(*(ledger.write(entry()) for _ in range(2)))  # nor does the first group
    transactions: list[int] = []
    ledger.on_written(lambda tail: transactions.append(tail.number))
    tasks = []
    for _ in range(3):
        tasks.append(asyncio.create_task(ledger.write(entry())))
        await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        await asyncio.gather(*tasks)
    assert len(transactions) == 1
    last = asyncio.create_task(ledger.write(entry()))
    await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        await ledger.close()  # which waits for nothing more
    assert (await last).number == 8


async def test_a_limit_is_never_overrun(make_ledger: MakeLedger, store: AuditStore) -> None:
    ledger = await make_ledger(group=7)
    charge = Charge(scope=SEAL, window="2026-11-25", limit=50)
    results = await asyncio.gather(
        *(ledger.write(entry(charges=(charge,))) for _ in range(200)), return_exceptions=True
    )
    refusals = [each for each in results if isinstance(each, SignetError)]
    assert len(refusals) == 150
    assert {each.reason for each in refusals} == {Reason.LIMIT_REACHED}
    assert refusals[0].metadata == {"scope": SEAL, "limit": "50", "period": "DAY"}
    assert counters(store) == {(SEAL, "2026-11-25"): 50, (SEAL, ""): 50}
    found = records(store)[1:]
    assert [each.get("use") for each in found] == [*range(1, 51), *[None] * 150]
    assert [(each["allowed"], each["result"]) for each in found[50:]] == (
        [(False, "LIMIT_REACHED")] * 150
    )


async def test_the_first_grant_that_has_room_is_taken(
    ledger: GroupLedger, store: AuditStore
) -> None:
    first = Alternative(grant="one", charges=(Charge(scope="grants/one", limit=1),))
    second = Alternative(grant="two", charges=(Charge(scope="grants/two", limit=1),))
    taken = [await ledger.write(entry(alternatives=(first, second))) for _ in range(2)]
    with pytest.raises(SignetError, match="grants/one may be used 1 times in all"):
        await ledger.write(entry(alternatives=(first, second)))
    assert [each.grant for each in taken] == ["one", "two"]
    assert [each.get("grant") for each in records(store)[1:]] == ["one", "two", None]
    assert counters(store) == {("grants/one", ""): 1, ("grants/two", ""): 1, (SEAL, ""): 2}


async def test_an_effect_is_made_with_the_record(ledger: GroupLedger, store: AuditStore) -> None:
    await ledger.write(entry(kind=Kind.ACT, effects=(make_group("a"), make_group("b"))))
    assert groups(store) == ["a", "b"]


async def test_a_refused_effect_leaves_the_refusal_and_nothing_else(
    ledger: GroupLedger, store: AuditStore
) -> None:
    good, bad, other = await asyncio.gather(
        ledger.write(entry(effects=(make_group("a"),))),
        ledger.write(entry(effects=(make_group("b"), refuse), signature_digest="ab")),
        ledger.write(entry(effects=(make_group("c"),))),
        return_exceptions=True,
    )
    assert isinstance(good, Written)
    assert isinstance(other, Written)
    assert isinstance(bad, SignetError)
    assert groups(store) == ["a", "c"]
    refusal = records(store)[2]
    assert (refusal["allowed"], refusal["result"]) == (False, "GROUP_IN_USE")
    assert not {"use", "signature_digest"} & refusal.keys()
    assert counters(store) == {(SEAL, ""): 2}


async def test_a_fault_in_an_effect_is_its_writers_alone(
    ledger: GroupLedger, store: AuditStore
) -> None:
    results = await asyncio.gather(
        ledger.write(entry(effects=(make_group("a"),))),
        ledger.write(entry(effects=(make_group("a"),))),  # the name is taken
        ledger.write(entry()),
        return_exceptions=True,
    )
    assert [isinstance(each, Written) for each in results] == [True, False, True]
    assert [each["result"] for each in records(store)] == ["OK", "OK", "INTERNAL", "OK"]
    ledger.check()


async def test_nothing_is_written_when_the_policy_has_changed(
    ledger: GroupLedger, store: AuditStore
) -> None:
    results = await asyncio.gather(
        ledger.write(entry(policy_version=1)),
        ledger.write(entry(kind=Kind.ACT, effects=(change_policy,))),
        ledger.write(entry(policy_version=1)),
        ledger.write(entry(policy_version=2)),
        return_exceptions=True,
    )
    assert isinstance(results[2], SignetError)
    assert (results[2].reason, results[2].retryable) == (Reason.POLICY_CHANGED, True)
    assert [isinstance(each, Written) for each in results] == [True, True, False, True]
    assert [each.get("use") for each in records(store)] == [None, 1, None, 2]


async def test_what_is_begun_is_finished_for_a_caller_who_goes_away(
    ledger: GroupLedger, store: AuditStore
) -> None:
    task = asyncio.create_task(ledger.write(entry(identity="gone")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.write(entry())
    assert [each.get("identity") for each in records(store)] == [None, "gone", "alice"]


async def test_what_waits_is_written_before_it_is_closed(
    ledger: GroupLedger, store: AuditStore
) -> None:
    tasks = [asyncio.create_task(ledger.write(entry())) for _ in range(20)]
    await asyncio.sleep(0)
    await ledger.close()
    assert [(await task).number for task in tasks] == list(range(2, 22))
    with pytest.raises(SignetError) as refused:
        await ledger.write(entry())
    assert refused.value.reason is Reason.SHUTTING_DOWN


async def test_too_many_that_wait_are_refused(make_ledger: MakeLedger) -> None:
    ledger = await make_ledger(queue=3)
    results = await asyncio.gather(
        *(ledger.write(entry()) for _ in range(5)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, SignetError)]
    assert [each.reason for each in refused] == [Reason.AUDIT_UNAVAILABLE] * 2
    ledger.check()


async def test_what_cannot_be_written_spoils_no_other(ledger: GroupLedger) -> None:
    good, bad = await asyncio.gather(
        ledger.write(entry()), ledger.write(entry(identity="\ud800")), return_exceptions=True
    )
    assert isinstance(good, Written)
    assert isinstance(bad, UnicodeEncodeError)
    ledger.check()


async def test_long_texts_and_nul_are_kept_whole(ledger: GroupLedger, store: AuditStore) -> None:
    refused: dict[str, Any] = {"allowed": False, "result": "PERMISSION_DENIED"}
    await ledger.write(entry(identity="x" * 300 + "\0", resource="keys/" + "y" * 300, **refused))
    assert records(store)[1]["identity"] == "x" * 300 + "\0"


async def test_old_counters_go_and_those_for_all_time_stay(
    make_ledger: MakeLedger, store: AuditStore
) -> None:
    now = [datetime(2026, 11, 25, 12, tzinfo=UTC)]
    ledger = await make_ledger(clock=lambda: now[0])
    charges = (
        Charge(scope=SEAL, window="2026-11-25T12:00"),
        Charge(scope=SEAL, window="2026-11-25"),
    )
    await ledger.write(entry(charges=charges))
    now[0] += timedelta(days=1)
    await ledger.write(entry(kind=Kind.ACT))
    assert len(counters(store)) == 3, "a counter is kept for some days, for clocks that differ"
    now[0] += timedelta(days=3)
    await ledger.write(entry(charges=charges))
    assert counters(store) == {
        (SEAL, ""): 2,
        (SEAL, "2026-11-25T12:00"): 1,
        (SEAL, "2026-11-25"): 1,
    }


async def test_a_clock_that_goes_back_does_not_take_the_chain_along(
    make_ledger: MakeLedger, store: AuditStore
) -> None:
    now = [datetime(2026, 11, 25, 12, tzinfo=UTC)]
    ledger = await make_ledger(clock=lambda: now[0])
    now[0] -= timedelta(days=1)
    written = await ledger.write(entry())
    assert written.time == datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert len({each["time"] for each in records(store)}) == 1
