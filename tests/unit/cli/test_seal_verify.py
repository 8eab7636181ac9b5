"""`signetctl seal verify`: files that others made, and nothing but a folder of certificates."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signetd.gm.sm3 import sm3
from tests.vectors.seals import loading


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    """The folder that somebody keeps: roots, what stands between, and what is revoked."""
    folder = tmp_path / "trust"
    shutil.copytree(loading.FOLDER / "trust", folder)
    for name in ("intermediates", "crls"):
        shutil.copytree(loading.FOLDER / name, folder / name)
    return folder


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "signetd.cli", "seal", "verify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def judged(*arguments: object) -> tuple[int, dict[str, Any]]:
    done = run(*arguments, "--output", "json")
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, found


def path_of(case: loading.Case) -> Path:
    return loading.FOLDER / case.file


SOME = [loading.case(name) for name in ("v1-unit", "v5-token", "v4-stamp-token")]


@pytest.mark.parametrize("case", SOME, ids=lambda case: case.name)
def test_a_good_file_is_good_and_says_why(case: loading.Case, trust: Path) -> None:
    status, found = judged(path_of(case), "--trust", trust, "--at", case.at.isoformat())
    assert (status, found["verdict"]) == (0, "good"), found
    for check in found["checks"]:
        assert {"name", "result", "reason", "clause"} <= check.keys()
        assert check["result"] in ("passed", "warning", "not_checked"), check
        assert check["reason"] and check["clause"]


def test_the_document_is_hashed_and_compared(trust: Path, tmp_path: Path) -> None:
    case = loading.case("v4-stamp-unit")
    (tmp_path / "document").write_bytes(case.original)
    common = (path_of(case), "--trust", trust, "--at", case.at.isoformat())
    assert judged(*common, "--document", tmp_path / "document")[0] == 0
    assert judged(*common, "--digest", sm3(case.original).hex())[0] == 0
    (tmp_path / "document").write_bytes(case.original + b" ")
    status, found = judged(*common, "--document", tmp_path / "document")
    assert (status, found["verdict"]) == (1, "bad")
    assert [each["name"] for each in found["checks"] if each["result"] == "failed"] == [
        "DOCUMENT_DIGEST"
    ]


def test_nobody_is_trusted_who_was_not_given() -> None:
    case = loading.case("v4-unit")
    status, found = judged(path_of(case), "--at", case.at.isoformat())
    assert (status, found["verdict"]) == (1, "bad")
    results = {each["name"]: each for each in found["checks"]}
    assert results["SEAL_SIGNATURE"]["result"] == "passed"
    assert "give --trust" in results["MAKER_CERTIFICATE"]["reason"]


def test_trust_can_be_kept_apart(trust: Path) -> None:
    case = loading.case("v4-stamp-unit")
    (trust / "makers").mkdir()
    for path in trust.glob("*.der"):
        path.rename(trust / "makers" / path.name)
    common = (path_of(case), "--trust", trust, "--at", case.at.isoformat())
    status, found = judged(*common)
    failed = [each["name"] for each in found["checks"] if each["result"] == "failed"]
    assert (status, failed) == (1, ["SIGNER_CERTIFICATE"])
    shutil.copytree(trust / "makers", trust / "signers")
    assert judged(*common)[0] == 0


def test_a_maker_who_was_not_named_is_refused(trust: Path) -> None:
    case = loading.case("v4-unit")
    status, found = judged(
        path_of(case), "--trust", trust, "--at", case.at.isoformat(), "--maker", "0" * 64
    )
    assert status == 1
    failed = [each for each in found["checks"] if each["result"] == "failed"]
    assert [each["name"] for each in failed] == ["MAKER_TRUSTED"]


def test_people_read_it_in_their_language(trust: Path) -> None:
    case = loading.case("v4-unit")
    common = (path_of(case), "--trust", trust, "--at", case.at.isoformat())
    assert run(*common).stdout.startswith("Verdict: good")
    assert run(*common, "--language", "zh").stdout.startswith("结论：有效")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--at", "yesterday"], "--at is not a time"),
        (["--at", "2026-11-25T09:30:00"], "--at has no time zone"),
        (["--digest", "00"], "--digest has 1 bytes; an SM3 has 32"),
        (["--digest", "xy"], "--digest is not hex"),
        (["--maker", "xy"], "accepted_makers"),
        (["--digest", "00" * 32, "--document", "/dev/null"], "not both"),
    ],
)
def test_options_that_make_no_sense_are_named(arguments: list[str], said: str) -> None:
    done = run(path_of(loading.case("v4-unit")), *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_files_that_cannot_be_read_are_named(trust: Path, tmp_path: Path) -> None:
    seal = path_of(loading.case("v4-unit"))
    assert "no-such.esl cannot be read" in run(tmp_path / "no-such.esl").stderr
    assert "the folder cannot be read" in run(seal, "--trust", tmp_path / "none").stderr
    (trust / "broken.pem").write_text("nothing")
    assert "broken.pem" in run(seal, "--trust", trust).stderr
    done = run(seal, "--digest", "00" * 32)
    assert done.returncode == 1 and "it is for no document" in done.stderr


@pytest.mark.parametrize("content", [b"", b"0", b"not a seal", b"\x30\x80\x00\x00"])
def test_what_is_no_seal_is_bad_and_not_a_traceback(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "garbage.esl"
    path.write_bytes(content)
    status, found = judged(path)
    assert (status, found["verdict"]) == (1, "bad")
    assert found["checks"][0]["name"] == "FORMAT"
    assert found["checks"][0]["result"] == "failed"
