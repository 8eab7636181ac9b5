"""Many rows inserted at once come back as they were, however many there are."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from signetd.daemon.state.access_tables import AUDIT_RECORDS
from signetd.daemon.state.many_rows import insert_rows
from signetd.daemon.state.sqlite import make_engine
from signetd.daemon.state.tables import METADATA

_SHANGHAI = timezone(timedelta(hours=8))


def _row(number: int) -> dict[str, Any]:
    return {
        "chain": "c",
        "number": number,
        "time": datetime(2026, 11, 25, 21, 45, 0, number, tzinfo=_SHANGHAI),
        "kind": "use",
        "identity": "app 'a'?",
        "operation": "sign",
        "resource": "keys/k",
        "allowed": number % 2 == 0,
        "result": "OK",
        "body": bytes([number % 256, 0, 255]),
    }


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(tmp_path / "db", 5.0)
    METADATA.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as opened:
        yield opened


@pytest.mark.parametrize("count", [0, 1, 99, 100, 250])
def test_all_rows_come_back_with_their_types(connection: Connection, count: int) -> None:
    insert_rows(connection, AUDIT_RECORDS, [_row(number) for number in range(count)])
    found = connection.execute(select(AUDIT_RECORDS).order_by(AUDIT_RECORDS.c.number)).mappings()
    expected = [_row(number) for number in range(count)]
    assert [dict(row) for row in found] == expected


def test_a_place_that_is_taken_is_an_integrity_error(connection: Connection) -> None:
    insert_rows(connection, AUDIT_RECORDS, [_row(1)])
    with pytest.raises(IntegrityError):
        insert_rows(connection, AUDIT_RECORDS, [_row(0), _row(1)])
