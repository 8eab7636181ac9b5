"""Direct changes of the database of a stopped daemon: each is found by the next start, by an
export that the daemon makes afterwards, or by that together with the export before."""

import sqlite3
from collections.abc import Iterator

import pytest

from signetd.daemon.state import StateError
from tests.integration.attack.archive import Archive, Tamper, archive, computed_anew

CHANGED = "is not as it was left"


@pytest.fixture(scope="module")
def stopped() -> Iterator[Archive]:
    with archive() as made:
        yield made


def sql(text: str) -> Tamper:
    """Return what runs a statement that changes a row; LAST is the number of the last record."""
    text = text.replace("LAST", "(select max(number) from audit_records)")

    def tamper(connection: sqlite3.Connection) -> None:
        assert connection.execute(text).rowcount >= 1, text

    return tamper


REFUSED: dict[str, Tamper] = {
    "a record says something else": sql(
        """update audit_records set body = cast(replace(body, '"OK"', '"NO"') as blob)
        where number = LAST - 1"""
    ),
    "the last record says something else": sql(
        "update audit_records set body = cast(replace(body, ':', ': ') as blob) where number = LAST"
    ),
    "a record is not one": sql(
        "update audit_records set body = cast('none' as blob) where number = LAST - 1"
    ),
    "a record is gone": sql("delete from audit_records where number = LAST - 1"),
    "a record is there twice": sql(
        "insert into audit_records select chain, number + 1, time, kind, identity, operation, "
        "resource, allowed, result, body from audit_records where number = LAST"
    ),
    "two records have changed places": sql(
        "update audit_records set body = (select other.body from audit_records other where "
        "other.number = LAST - 1) where number = LAST - 2"
    ),
    "a key was used less": sql(
        "update use_counters set count = count - 1 where scope = 'keys/k' and span = ''"
    ),
    "a key was never used": sql("delete from use_counters where scope = 'keys/k'"),
    "the chain begins later": sql("update audit_chains set first = 1000000"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_a_changed_end_is_found_at_a_start(stopped: Archive, what: str) -> None:
    stopped.tamper(REFUSED[what])
    with pytest.raises(StateError, match=CHANGED):
        stopped.look()


def test_a_daemon_does_not_start_on_a_changed_end(stopped: Archive) -> None:
    stopped.tamper(REFUSED["a record says something else"])
    assert CHANGED in stopped.refused_start()


def test_a_chain_that_nobody_has_touched_is_fine(stopped: Archive) -> None:
    """Else the other tests would prove nothing."""
    stopped.restore()
    stopped.look()
    new = stopped.export_again(stopped.exported + 1)
    assert stopped.problems(stopped.old) == []
    assert stopped.problems(new) == []
    assert stopped.problems(stopped.old, new) == []


OLD_RECORDS: dict[str, Tamper] = {
    "an old record is changed": sql(
        """update audit_records set body = cast(replace(body, '"all"', '"eve"') as blob)
        where number = 5"""
    ),
    "the chain is computed anew": lambda connection: computed_anew(
        connection, 5, b'"all"', b'"eve"'
    ),
}


@pytest.mark.parametrize("what", sorted(OLD_RECORDS))
def test_an_old_record_that_is_changed_is_found_by_the_next_export(
    stopped: Archive, what: str
) -> None:
    """What a checkpoint covers is not read again at a start."""
    stopped.tamper(OLD_RECORDS[what])
    assert stopped.problems(stopped.export_again())


def test_an_older_database_is_found_by_the_export_before(stopped: Archive) -> None:
    """From inside there is nothing to see: it was all true, once."""
    stopped.restore_early()
    new = stopped.export_again(stopped.exported + 1)
    assert stopped.problems(new) == []
    assert stopped.problems(stopped.old, new)
    found = stopped.signetctl(stopped.old, new)
    assert found.returncode == 1, found
    assert stopped.signetctl(stopped.old).returncode == 0


CUT = "delete from audit_records where number >= {first}"
GONE = {"the last ones": -1, "all of them": -1_000_000}
"""The first record that is cut off, counted from the last one that was exported."""


@pytest.mark.parametrize("what", sorted(GONE))
def test_records_that_are_cut_off_are_found_by_the_export_before(
    stopped: Archive, what: str
) -> None:
    stopped.tamper(sql(CUT.format(first=stopped.exported + GONE[what])))
    new = stopped.export_again(stopped.exported + 1)
    assert stopped.problems(stopped.old, new)


def test_signatures_that_are_cut_off_are_found_by_the_next_one(stopped: Archive) -> None:
    """Also behind the last export: the key's counter goes on, and leaves a gap in the chain."""
    stopped.tamper(sql(CUT.format(first=stopped.exported + 1)))
    assert stopped.problems(stopped.export_again())
