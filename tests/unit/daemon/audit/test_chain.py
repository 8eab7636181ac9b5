"""The bytes of a record, and how records are linked."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.audit import chain
from signetd.daemon.audit.types import Event, Kind
from signetd.gm.sm3 import sm3

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "kind": Kind.ACT,
        "operation": "KeyService/DestroyKey",
        "allowed": True,
        "result": "OK",
    }
    return Event(**values | changes)


def test_a_record_has_exactly_these_bytes() -> None:
    made = chain.link("c", event(resource="keys/印章"), chain.START, NOW)
    assert made.body.decode() == (
        '{"allowed":true,"chain":"c","kind":"act","number":1,"operation":"KeyService/DestroyKey",'
        f'"previous":"{"0" * 64}","resource":"keys/印章","result":"OK",'
        '"time":"2026-01-02T03:04:05.000000Z"}'
    )
    assert made.place == chain.Place(number=1, hash=sm3(made.body).hex(), time=NOW)


@given(identity=TEXT, detail=TEXT, version=st.integers(0, 1 << 31), allowed=st.booleans())
def test_the_bytes_are_those_that_another_json_library_writes(
    identity: str, detail: str, version: int, allowed: bool
) -> None:
    made = chain.link(
        "c",
        event(identity=identity, detail=detail, key_version=version, allowed=allowed),
        chain.START,
        NOW,
    )
    again = json.dumps(
        json.loads(made.body), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert again.encode() == made.body
    assert chain.decode(made.body) == made.record


def test_a_record_is_bound_to_the_one_before() -> None:
    first = chain.link("c", event(), chain.START, NOW)
    second = chain.link("c", event(), first.place, NOW)
    assert (second.record.number, second.record.previous) == (2, sm3(first.body).hex())


def test_time_never_goes_back() -> None:
    first = chain.link("c", event(), chain.START, NOW)
    second = chain.link("c", event(), first.place, NOW - timedelta(days=1))
    assert second.place.time == NOW


@pytest.mark.parametrize(
    "body",
    [
        b' {"allowed":true}',
        b"{}",
        b"[]",
        b"\xff",
        b'{"allowed":true,"chain":"c","kind":"act","number":1,"operation":"","previous":"",'
        b'"result":"","time":"","use":0}',
    ],
)
def test_what_is_not_canonical_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        chain.decode(body)


def test_a_text_without_utf_8_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        chain.encode(event(identity="\ud800"))


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"operation": "stamp"}, True),
        ({"operation": "make-seal"}, True),
        ({"kind": Kind.ACT}, False),
        ({"operation": "verify"}, False),
        ({"allowed": False}, False),
        ({"result": "TOKEN_FAILED"}, False),
        ({"resource": "tokens/hsm1"}, False),
    ],
)
def test_only_signatures_that_came_about_count_as_uses(
    changes: dict[str, Any], counts: bool
) -> None:
    values = {"kind": Kind.USE, "operation": "sign", "resource": "keys/seal"} | changes
    assert chain.counts_use(event(**values)) is counts
