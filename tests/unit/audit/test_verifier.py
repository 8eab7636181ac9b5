"""What a verification says: of good exports, of forged ones, of several in a row."""

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from signetd.audit import PublicKeyError, read_public_key
from signetd.audit.canonical import LineError, encode, parse
from signetd.audit.hashes import RecentHashes
from signetd.daemon.audit.types import Charge, Entry, Event, Kind
from signetd.daemon.rpc.convert import pem
from signetd.gm.sm3 import sm3
from tests.unit.audit.conftest import Export
from tests.unit.audit.exports import Scene, make_export, use, verify, words
from tests.unit.audit.signers import SoftSigner

ALGORITHMS = (
    "SM2_SM3",
    "ED25519",
    "ECDSA_P256_SHA256",
    "ECDSA_P521_SHA512",
    "RSA_PSS_SHA256",
    "RSA_PKCS1_SHA512",
)


def rewrite(export: Export, change: Any) -> bytes:
    """The export as one forges it who can compute hashes but not sign; *change* takes records."""
    records = [json.loads(line) for line in export.lines[1:-1]]
    change(records)
    header, end = json.loads(export.lines[0]), json.loads(export.lines[-1])
    previous, lines = header["anchor"], [export.lines[0]]
    for number, record in enumerate(records, start=1):
        record |= {"number": number, "previous": previous}
        lines.append(encode(record))
        previous = sm3(lines[-1]).hex()
    content = b"\n".join([*lines, b""])
    end |= {"last": len(records), "last_hash": previous, "file_digest": sm3(content).hex()}
    return content + encode(end) + b"\n"


def test_a_report_counts_what_there_is(small: Export) -> None:
    report = verify(small.data, trusted=[small.spki])
    assert (report.ok, report.notices) == (True, [])
    assert (report.chain, report.first, report.last, report.records) == ("signetd-1", 1, 6, 6)
    assert (report.checkpoints, report.denied, report.uses) == (2, 1, {"keys/seal": 2})
    assert report.kinds == {"start": 1, "use": 3, "checkpoint": 2}
    assert report.keys == {hashlib.sha256(small.spki).hexdigest(): "trusted"}
    assert report.first_time <= report.last_time
    assert json.loads(json.dumps(report.values()))["ok"] is True


@pytest.mark.parametrize("operation", ["stamp", "make-seal"])
async def test_stamps_and_the_making_of_seals_are_uses(operation: str) -> None:
    """Whoever removes one, and computes all hashes anew, leaves a gap in the uses of its key."""
    signer = SoftSigner()
    signer.off = True
    entries = [
        Entry(event=msgspec.structs.replace(use().event, operation=each))
        for each in ("sign", operation, "sign", operation)
    ]
    export = Export(await make_export(entries, signer), signer)
    report = verify(export.data, unsigned=True)
    assert (report.ok, report.uses) == (True, {"keys/seal": 4}), words(report)

    def remove(records: list[dict[str, Any]]) -> None:
        del records[2]

    assert "use 3 of keys/seal follows on use 1" in words(verify(rewrite(export, remove)))

    def uncount(records: list[dict[str, Any]]) -> None:
        del records[2]["use"]

    assert "use 0 of keys/seal" in words(verify(rewrite(export, uncount)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_every_algorithm_is_verified(algorithm: str, tmp_path: Path) -> None:
    signer = SoftSigner(algorithm, tmp_path)
    data = await make_export([use(), use()], signer)
    report = verify(data, trusted=[signer.spki])
    assert report.ok, words(report)
    assert read_public_key(pem(signer.spki).encode()) == signer.spki


def test_a_key_that_is_not_trusted_is_told(small: Export) -> None:
    other = SoftSigner().spki
    report = verify(small.data, trusted=[other])
    assert "not among the trusted ones" in words(report)
    assert report.problem_count == 3, "two checkpoints and the end line are signed"


def test_without_a_trusted_key_it_is_not_right_unless_that_is_asked_for(small: Export) -> None:
    assert not verify(small.data).ok
    report = verify(small.data, unsigned=True)
    assert report.ok
    assert "Nobody vouches for the key" in report.notices[0]


def test_an_export_without_a_signature_is_told(unsigned: Export, small: Export) -> None:
    assert "UNSIGNED" in words(verify(unsigned.data, trusted=[small.spki]))
    assert verify(unsigned.data, unsigned=True).ok


def test_a_signature_that_was_taken_away_is_told(small: Export) -> None:
    end = json.loads(small.lines[-1])
    for name in ("signature", "key", "key_spki", "algorithm", "time"):
        del end[name]
    data = b"\n".join([*small.lines[:-1], encode(end), b""])
    assert "UNSIGNED" in words(verify(data, trusted=[small.spki]))


def test_a_chain_that_is_computed_anew_is_found_by_its_signatures(small: Export) -> None:
    def change(records: list[dict[str, Any]]) -> None:
        records[1]["identity"] = "mallet"

    told = words(verify(rewrite(small, change), trusted=[small.spki]))
    assert "the checkpoint covers another record" in told
    assert "the signature is not valid" in told


def test_a_use_that_is_taken_out_is_found_by_the_counts(large: Export) -> None:
    def change(records: list[dict[str, Any]]) -> None:
        del records[5]
        records[:] = [each for each in records if each["kind"] != "checkpoint"]

    told = words(verify(rewrite(large, change), trusted=[large.spki]))
    assert "uses are missing or counted twice" in told


def test_the_line_is_told(small: Export) -> None:
    lines = list(small.lines)
    lines[3] = encode(json.loads(lines[3]) | {"previous": "ab" * 32})
    told = words(verify(b"\n".join([*lines, b""]), trusted=[small.spki]))
    assert "file0:4: the record 3 does not follow on the one before it" in told


async def test_files_that_follow_on_each_other(tmp_path: Path) -> None:
    async with Scene(tmp_path / "state", SoftSigner()) as scene:
        await scene.write(use(), use())
        first = await scene.export()
        await scene.write(use())
        scene.signer.rotate("ECDSA_P256_SHA256")
        await scene.write(use())
        second = await scene.export(first=5)
        trusted = [scene.signer.spki]
    first_key = json.loads(first.splitlines()[-1])["key_spki"]
    trusted.append(base64.b64decode(first_key))
    report = verify(first, second, trusted=trusted)
    assert report.ok, words(report)
    assert (report.files, report.first, report.last, report.uses) == (
        2,
        1,
        7,
        {"keys/seal": 4},
    )
    assert not verify(second, first, trusted=trusted).ok
    assert not verify(first, first, trusted=trusted).ok
    alone = verify(second, trusted=trusted)
    assert alone.ok, words(alone)
    assert alone.notices == ["The records before 5 are not in these files."]


async def test_counts_of_several_daemons_may_have_gaps(tmp_path: Path) -> None:
    elsewhere = Entry(
        event=Event(kind=Kind.ACT, operation="x", allowed=True, result="OK"),
        charges=(Charge(scope="keys/seal"),),
    )
    entries = [use(), elsewhere, use(), use()]
    signer = SoftSigner()
    report = verify(await make_export(entries, signer, shared=True), trusted=[signer.spki])
    assert report.ok, words(report)
    assert "another daemon" in report.notices[0]
    alone = verify(await make_export(entries, signer), trusted=[signer.spki])
    assert "use 3 of keys/seal follows on use 1" in words(alone)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"null",
        b'{"a":null}',
        b'{"a":1.0}',
        b'{"a":[1]}',
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":-0}',
        b'{"a":NaN}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        b"[" * 100_000,
        b'{"a":' + b"1" * 10_000 + b"}",
    ],
)
def test_there_is_one_form_of_a_line(line: bytes) -> None:
    with pytest.raises(LineError):
        parse(line)


def test_keys_are_read_from_pem_only() -> None:
    with pytest.raises(PublicKeyError):
        read_public_key(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(PublicKeyError):
        read_public_key(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")


def test_hashes_of_the_last_records_are_kept() -> None:
    hashes = RecentHashes(kept=4)
    for number in range(7, 20):
        hashes.put(number, bytes([number]) * 32)
    assert [hashes.get(number) for number in (15, 20)] == [None, None]
    assert [hashes.get(number) for number in range(16, 20)] == [
        bytes([number]) * 32 for number in range(16, 20)
    ]
    hashes.put(3, bytes(32))
    assert (hashes.get(19), hashes.get(3)) == (None, bytes(32))


async def test_openssl_agrees(tmp_path: Path) -> None:
    """SM3 of a record, and the SM2 signature of a checkpoint, by another program altogether."""

    def openssl(*arguments: str) -> str:
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    signer = SoftSigner("SM2_SM3", tmp_path)
    lines = (await make_export([use(), use()], signer)).splitlines()
    (tmp_path / "record").write_bytes(lines[1])
    hashed = openssl("dgst", "-sm3", "record").split()[-1]
    assert json.loads(lines[2])["previous"] == hashed
    checkpoint = next(each for each in map(json.loads, lines[1:-1]) if "covers_hash" in each)
    statement = {
        "type": "checkpoint",
        "chain": checkpoint["chain"],
        "covers_number": checkpoint["covers_number"],
        "covers_hash": checkpoint["covers_hash"],
        "time": checkpoint["checkpoint_time"],
        "key": checkpoint["key"],
        "algorithm": checkpoint["algorithm"],
    }
    (tmp_path / "statement").write_text(
        json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    )
    (tmp_path / "signature").write_bytes(bytes.fromhex(checkpoint["signature"]))
    (tmp_path / "key.pem").write_text(pem(signer.spki))
    options = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    said = openssl(
        *("pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", *options),
        *("-in", "statement", "-sigfile", "signature"),
    )
    assert "Verified Successfully" in said
