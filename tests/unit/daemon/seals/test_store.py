"""Seals are kept whole, found by index, and ten thousand of them cost no more than a page."""

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event, inspect

from signetd.daemon.seals.parts import Step
from signetd.daemon.seals.types import Act, RegisteredSeal, SealState
from signetd.daemon.state import Database, StateError, seal_rows
from signetd.daemon.state.many_rows import insert_rows
from signetd.daemon.state.seal_tables import SEAL_EVENTS, SEALS
from signetd.drivers.errors import Reason, SignetError
from signetd.seal import Format
from tests.unit.daemon.places import Place, new_database
from tests.unit.daemon.seals.samples import CODE, DAY, NOW, OTHER_CODE
from tests.unit.daemon.seals.values import seal

STEP = Step(act=Act.APPLY, identity="applicant")
FULL = seal(
    "full",
    state=SealState.IN_USE,
    state_reason="所以",
    seal_id="3301",
    format=Format.V5,
    maker_key="maker",
    reviewer="r",
    maker="m",
    replaces="old",
    replaced_by="new",
    der=b"\x30\x00",
    sm3="0a" * 32,
    filing_number="F",
    filing_record=b"{}",
)


def add(database: Database, *seals: RegisteredSeal) -> None:
    with database.transaction("The test") as connection:
        for each in seals:
            database.seals.add(each, STEP)(connection, each.create_time)


def test_a_seal_comes_back_as_it_was_written(database: Database) -> None:
    add(database, FULL)
    assert database.seals.get("full") == FULL
    short = database.seals.get("full", whole=False)
    empty = msgspec.structs.replace(FULL.picture, data=b"")
    assert short == msgspec.structs.replace(FULL, picture=empty, der=b"", filing_record=b"")
    assert database.seals.find(seal_id="3301") == database.seals.find(sm3="0a" * 32) == short
    assert database.seals.get("other") is None
    assert database.seals.find(seal_id="x") is None
    with pytest.raises(ValueError, match="neither"):
        database.seals.find()


def test_seals_without_a_code_are_not_the_same(database: Database) -> None:
    add(database, seal("a"), seal("b"))
    assert database.seals.find(sm3="x") is None


def test_two_daemons_that_add_the_same_name(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has looked before the first one wrote."""
    database = place.open()
    monkeypatch.setattr("signetd.daemon.state.seal_effects._check_new", lambda *_: None)
    add(database, seal("a"))
    with pytest.raises(SignetError) as caught:
        add(database, seal("a"))
    assert caught.value.reason is Reason.SEAL_EXISTS
    database.close()


def test_a_step_counts_for_the_seal_that_was_seen(database: Database) -> None:
    add(database, seal("a"))
    seen = database.seals.get("a")
    assert seen is not None
    move = database.seals.move(seen, Step(act=Act.ACCEPT, identity="x"))
    with database.transaction("The test") as connection:
        move(connection, NOW + DAY)
    with pytest.raises(SignetError, match="It is ACCEPTED now"), database.transaction("T") as again:
        move(again, NOW + DAY)
    assert [each.act for each in database.seals.events("a")] == [Act.APPLY, Act.ACCEPT]


def test_a_history_never_goes_back_in_time(database: Database) -> None:
    add(database, seal("a"))
    seen = database.seals.get("a")
    assert seen is not None
    with database.transaction("The test") as connection:
        move = database.seals.move(seen, Step(act=Act.ACCEPT, identity="x"))
        move(connection, NOW - DAY)
    first, second = database.seals.events("a")
    assert first.time == second.time == NOW


def test_what_cannot_be_understood_is_not_guessed(place: Place) -> None:
    database = place.open()
    add(database, seal("a"))
    place.run("UPDATE seals SET state = 'ODD'")
    with pytest.raises(StateError, match="row of the seal 'a' cannot be read"):
        database.seals.get("a")
    place.run("UPDATE seal_events SET act = 'odd'")
    with pytest.raises(StateError, match="history of the seal 'a' cannot be read"):
        database.seals.events("a")
    database.close()


def fill(connection: Connection, number: int) -> None:
    """Add many seals, a tenth of them of another owner, each hundredth suspended."""
    rows, events = [], []
    for place in range(number):
        name = f"seal-{place:05}"
        each = seal(
            name,
            seal_id=name,
            sm3=f"{place:064x}",
            state=SealState.SUSPENDED if place % 100 == 0 else SealState.IN_USE,
            owner=msgspec.structs.replace(FULL.owner, code=CODE if place % 10 else OTHER_CODE),
        )
        rows.append(seal_rows.values(each))
        events.append(
            {
                "seal": name,
                "number": 1,
                "time": NOW,
                "identity": "x",
                "act": "import",
                "from_state": "",
                "to_state": "MADE",
                "reason": "",
            }
        )
    insert_rows(connection, SEALS, rows)
    insert_rows(connection, SEAL_EVENTS, events)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Ten thousand seals in SQLite."""
    database = new_database(Path(tmp_path_factory.mktemp("many")) / "state")
    with database.transaction("The test") as connection:
        fill(connection, 10_000)
        connection.exec_driver_sql("ANALYZE")
    yield database
    database.close()


QUERIES: dict[str, Callable[[Database], object]] = {
    "by name": lambda db: db.seals.get("seal-05000"),
    "by code": lambda db: db.seals.find(seal_id="seal-05000"),
    "by digest": lambda db: db.seals.find(sm3=f"{5000:064x}"),
    "history": lambda db: db.seals.events("seal-05000"),
    "a page": lambda db: db.seals.page("seal-05000", 100, (), "", lambda _: True),
    "in a state": lambda db: db.seals.page(
        "seal-05000", 50, [SealState.SUSPENDED], "", lambda _: True
    ),
    "in two states": lambda db: db.seals.page(
        "", 100, [SealState.SUSPENDED, SealState.APPLIED], "", lambda _: True
    ),
    "of an owner": lambda db: db.seals.page("", 100, (), OTHER_CODE, lambda _: True),
    "of an owner in a state": lambda db: db.seals.page(
        "", 100, [SealState.SUSPENDED], OTHER_CODE, lambda _: True
    ),
}


@pytest.mark.parametrize("name", QUERIES)
def test_each_question_is_answered_by_an_index(many: Database, name: str) -> None:
    statements: list[tuple[str, object]] = []

    def note(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(many._engine, "before_cursor_execute", note)
    try:
        assert QUERIES[name](many)
    finally:
        event.remove(many._engine, "before_cursor_execute", note)
    assert statements
    with many.transaction("The test") as connection:
        for statement, parameters in statements:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
            told = "; ".join(row[3] for row in plan)
            assert "SCAN" not in told, f"{name} reads the whole table: {told}"
            assert "TEMP B-TREE" not in told, f"{name} sorts all it finds: {told}"


def test_a_compromise_finds_its_seals_by_index(many: Database) -> None:
    query = (
        "EXPLAIN QUERY PLAN SELECT id FROM seals WHERE (signing_key = 'k' OR maker_key = 'k')"
        " AND state IN ('IN_USE') AND id > '' ORDER BY id LIMIT 100"
    )
    with many.transaction("The test") as connection:
        told = "; ".join(row[3] for row in connection.exec_driver_sql(query))
    assert "ix_seals" in told or "PRIMARY KEY" in told or "autoindex" in told, told


def test_a_page_of_many_seals_takes_no_more_than_a_page(many: Database) -> None:
    tracemalloc.start()
    try:
        found, following = many.seals.page("seal-03000", 100, (), "", lambda _: True)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ([found[0].id, found[-1].id], following) == (["seal-03001", "seal-03100"], "seal-03100")
    assert peak < 4 << 20, f"{peak} bytes for one page: are all seals read?"


def test_a_stranger_does_not_have_everything_read(many: Database) -> None:
    looked: list[str] = []

    def shown(each: RegisteredSeal) -> bool:
        looked.append(each.id)
        return False

    found, following = many.seals.page("", 100, (), "", shown)
    assert (found, following, len(looked)) == ([], "seal-04999", 5000)


def test_a_page_ends_early_when_its_certificates_are_large(database: Database) -> None:
    large = b"\x30\x83\x04\x00\x00" + bytes(0x40000)
    add(database, *(seal(f"s{place}", certificates=(large,)) for place in range(9)))
    found, following = database.seals.page("", 9, (), "", lambda _: True)
    assert (len(found), following) == (8, "s7")


def test_what_is_large_comes_last(database: Database) -> None:
    """SQLite reads through everything that is before a column, which costs with each large one."""
    large = {"certificates", "picture", "der", "filing_record"}
    with database.transaction("The test") as connection:
        names = [each["name"] for each in inspect(connection).get_columns("seals")]
    assert set(names[-len(large) :]) == large, "put what is large behind all else"
    assert names == [each.name for each in SEALS.c], "the migration and the table differ"


def test_a_page_reads_no_more_rows_than_it_shows(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, *(seal(f"s{number:03}", seal_id="") for number in range(150)))
    read: list[int] = []
    rows = database.seals._rows

    def counted(*given: Any) -> Any:
        found = rows(*given)
        read.append(len(found))
        return found

    monkeypatch.setattr(database.seals, "_rows", counted)
    page, after = database.seals.page("", 5, (), "", lambda seal: True)
    assert ([each.id for each in page], after, read) == (
        ["s000", "s001", "s002", "s003", "s004"],
        "s004",
        [5],
    )
    read.clear()
    page, after = database.seals.page("", 5, (), "", lambda seal: seal.id > "s120")
    assert ([each.id for each in page], after) == (["s121", "s122", "s123", "s124", "s125"], "s125")
    assert read == [5, 100, 45], "who sees little reads larger pieces"
