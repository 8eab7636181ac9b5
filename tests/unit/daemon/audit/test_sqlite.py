"""The quick way of records into SQLite: nothing of it differs from the other one."""

import asyncio
import sqlite3
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from signetd.daemon.audit.types import Charge, Written
from signetd.daemon.state import StateError
from signetd.daemon.state.access_tables import AUDIT_RECORDS, USE_COUNTERS
from signetd.daemon.state.audit import AuditStore
from signetd.daemon.state.sqlite_audit import SqliteAudit
from tests.unit.daemon.audit.conftest import MakeLedger, entry, records

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


def rows(store: AuditStore, table: Any) -> list[tuple[Any, ...]]:
    with store.transaction() as connection:
        return [tuple(row) for row in connection.execute(select(table))]


async def test_rows_are_the_same_by_both_ways(make_ledger: MakeLedger, store: AuditStore) -> None:
    def nothing(connection: Connection, moment: Any) -> None:
        """With an effect, a group goes through SQLAlchemy."""

    ledger = await make_ledger()
    await ledger.write(entry(digest="00"))
    await ledger.write(entry(digest="00", effects=(nothing,)))
    quick, slow = rows(store, AUDIT_RECORDS)[-2:]
    assert [type(value) for value in quick] == [type(value) for value in slow]
    assert quick[3:9] == slow[3:9]
    uses = {scope: count for scope, _, count in rows(store, USE_COUNTERS)}
    assert uses["keys/seal"] == 2


async def test_more_counters_than_one_statement_reads(make_ledger: MakeLedger) -> None:
    ledger = await make_ledger()
    charges = tuple(Charge(scope=f"grants/{number}", limit=2) for number in range(1000))
    for _ in range(2):
        await ledger.write(entry(charges=charges))
    with pytest.raises(Exception, match="may be used 2 times in all, and it was"):
        await ledger.write(entry(charges=charges))


async def test_many_of_one_writer_follow_one_another(
    make_ledger: MakeLedger, store: AuditStore
) -> None:
    ledger = await make_ledger()
    entries = [entry(digest=f"{number:02x}") for number in range(250)]
    several = await asyncio.gather(ledger.write_many(entries), ledger.write(entry(digest="ff")))
    outcomes = several[0]
    numbers = [each.number for each in outcomes if isinstance(each, Written)]
    assert numbers == list(range(numbers[0], numbers[0] + 250))
    written = {record["number"]: record for record in records(store)}
    digests = [written[number]["digest"] for number in numbers]
    assert digests == [each.event.digest for each in entries]
    assert written[numbers[-1]]["use"] in (250, 251)


async def test_what_cannot_be_written_is_the_outcome_of_the_one(
    make_ledger: MakeLedger, store: AuditStore
) -> None:
    ledger = await make_ledger()
    entries = [entry(), entry(detail="\ud800"), entry()]
    good, bad, other = await ledger.write_many(entries)
    assert isinstance(bad, UnicodeEncodeError)
    assert isinstance(good, Written) and isinstance(other, Written)
    assert other.number == good.number + 1
    assert [record["use"] for record in records(store) if "use" in record][-2:] == [1, 2]


def test_what_was_not_committed_is_undone_and_it_goes_on(store: AuditStore) -> None:
    audit = SqliteAudit(store._engine)
    with pytest.raises(ZeroDivisionError), audit.transaction() as transaction:
        transaction.write_counts({("keys/a", ""): 5})
        raise ZeroDivisionError
    with audit.transaction() as transaction:
        assert not transaction.lock([("keys/a", "")], ())
        transaction.write_counts({("keys/a", ""): 1})
    with audit.transaction() as transaction:
        assert transaction.lock([("keys/a", "")], ()) == {("keys/a", ""): 1}
    audit.close()
    audit.close()


def test_errors_of_the_driver_are_as_sqlalchemy_raises_them(store: AuditStore) -> None:
    audit = SqliteAudit(store._engine)
    with pytest.raises(OperationalError) as error, audit.transaction():
        raise sqlite3.OperationalError("disk I/O error")
    assert isinstance(error.value.orig, sqlite3.OperationalError)


async def test_a_place_that_is_taken_is_told(make_ledger: MakeLedger, store: AuditStore) -> None:
    ledger = await make_ledger()
    await ledger.write(entry())
    writer = ledger._writer
    with store.transaction() as connection:
        row = connection.execute(
            select(AUDIT_RECORDS).where(AUDIT_RECORDS.c.number == writer.tail.number)
        ).one()
        connection.execute(
            AUDIT_RECORDS.insert().values(row._asdict() | {"number": writer.tail.number + 1})
        )
    with pytest.raises(StateError, match="Two daemons must not have the same name"):
        writer.commit([entry()])


async def test_nothing_to_write_waits_for_nothing(make_ledger: MakeLedger) -> None:
    ledger = await make_ledger()
    async with asyncio.timeout(10):
        assert await ledger.write_many([]) == []
