"""Each check by itself: all else is put right again, as only the holder of the audit key could."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from signetd.audit.canonical import encode
from signetd.gm.sm3 import sm3
from tests.unit.audit.conftest import Export
from tests.unit.audit.exports import verify, words

Change = Callable[[list[dict[str, Any]]], None]


def set_field(index: int, name: str, value: Any) -> Change:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[index][name] = value

    return change


def drop_field(index: int, name: str) -> Change:
    def change(lines: list[dict[str, Any]]) -> None:
        del lines[index][name]

    return change


def drop_line(index: int) -> Change:
    def change(lines: list[dict[str, Any]]) -> None:
        del lines[index]

    return change


def forge(export: Export, change: Change, *, links: bool = True, end: bool = True) -> bytes:
    """Change an export; compute the *links* anew, and what the *end* line says; sign it anew."""
    lines = [json.loads(line) for line in export.lines]
    change(lines)
    previous, written = lines[0].get("anchor"), [encode(lines[0])]
    for record in lines[1:-1]:
        if links:
            record["previous"] = previous
        written.append(encode(record))
        previous = sm3(written[-1]).hex()
    content = b"\n".join([*written, b""])
    last = lines[-1]
    if end:
        last |= {"last": lines[-2]["number"], "last_hash": previous}
    last["file_digest"] = sm3(content).hex()
    last.pop("signature", None)
    key = export.signer.key()
    assert key is not None
    signature = asyncio.run(export.signer.sign(key, encode(last)))
    return content + encode(last | {"signature": signature.hex()}) + b"\n"


def test_what_is_only_signed_anew_is_right(small: Export) -> None:
    report = verify(forge(small, lambda lines: None), trusted=[small.spki])
    assert report.ok, words(report)


# The lines of `small`: header, start, use, checkpoint, refusal, use, checkpoint, end.
RECORDS = [
    (set_field(2, "identity", "mallet"), False, "does not follow on the one before"),
    (set_field(5, "number", 9), True, "the record 9 stands where 5 must be"),
    (drop_line(4), True, "the record 5 stands where 4 must be"),
    (set_field(2, "chain", "other"), True, "the record 2 is of another chain"),
    (set_field(5, "time", "2020-01-01T00:00:00.000000Z"), True, "is older than the one before"),
    (set_field(5, "time", "2020-01-01"), True, "time is not a time"),
    (set_field(5, "use", 3), True, "use 3 of keys/seal follows on use 1"),
    (set_field(5, "use", 1), True, "use 1 of keys/seal follows on use 1"),
    (drop_field(5, "use"), True, "use 0 of keys/seal follows on use 1"),
    (set_field(5, "allowed", 1), True, "allowed is not a boolean"),
    (set_field(5, "number", True), True, "number is not a number"),
    (set_field(3, "covers_hash", "ab" * 32), True, "covers another record 2"),
    (set_field(3, "covers_number", 1), True, "covers another record 1"),
    (set_field(3, "covers_number", 3), True, "covers what comes after it"),
    (set_field(3, "key", "ab" * 32), True, "the fingerprint is not that of the public key"),
    (set_field(3, "signature", "ab" * 64), True, "the signature is not valid"),
    (set_field(3, "signature", "AB" * 64), True, "signature is not lower-case hex"),
    (set_field(3, "checkpoint_time", "2020-01-01T00:00:00.000000Z"), True, "is not valid"),
    (set_field(3, "algorithm", "SM2_SM3"), True, "the public key is not one for 'SM2_SM3'"),
    (set_field(3, "key_spki", "AAAA"), True, "the public key cannot be read"),
    (set_field(3, "key_spki", "AAAB="), True, "the public key is not base64"),
    (set_field(3, "key_spki", "AAB="), True, "not base64 in its one form"),
]


@pytest.mark.parametrize(("change", "links", "said"), RECORDS, ids=[each[2] for each in RECORDS])
def test_a_record(change: Change, links: bool, said: str, small: Export) -> None:
    told = words(verify(forge(small, change, links=links), trusted=[small.spki]))
    assert said in told


ENDS = [
    (set_field(-1, "chain", "other"), "the end line says chain"),
    (set_field(-1, "first", 2), "the end line says first"),
    (set_field(-1, "last", 99), "the end line says last 99"),
    (set_field(-1, "last_hash", "ab" * 32), "the end line says last_hash"),
    (set_field(-1, "time", "now"), "time is not a time"),
    (set_field(0, "anchor", "ab" * 32), "cannot follow on the anchor"),
    (set_field(0, "first", 0), "cannot follow on the anchor"),
    (set_field(0, "first", 2), "stands where 2 must be"),
    (set_field(0, "format", "signetd-audit-2"), "not the header of an export in the format"),
    (set_field(0, "shared", "no"), "shared is not a boolean"),
    (set_field(0, "time", ""), "time is not a time"),
]


@pytest.mark.parametrize(("change", "said"), ENDS, ids=[each[1] for each in ENDS])
def test_the_header_and_the_end(change: Change, said: str, small: Export) -> None:
    told = words(verify(forge(small, change, end=False), trusted=[small.spki]))
    assert said in told


def test_what_is_behind_the_end(small: Export) -> None:
    told = words(verify(small.data + small.lines[2] + b"\n", trusted=[small.spki]))
    assert "there is something behind the end line" in told


def test_a_line_that_never_ends(small: Export) -> None:
    told = words(verify(small.lines[0] + b"\n" + b"x" * (3 << 20), trusted=[small.spki]))
    assert "the line is cut off, or too long" in told
    assert "the end line is missing" in told


def test_many_problems_are_counted_and_some_are_shown(small: Export) -> None:
    report = verify(small.lines[0] + b"\n" + b"x\n" * 1000, trusted=[small.spki])
    assert (report.problem_count, len(report.problems)) == (1001, 100)
