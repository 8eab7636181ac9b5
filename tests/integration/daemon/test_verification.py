"""A real daemon judges the seals of two regions, one of which the openssl command has made."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signetd.client import (
    AsyncClient,
    Client,
    Endpoint,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
)
from signetd.gm.sm3 import sm3
from tests.integration.daemon.running import Running
from tests.unit.daemon.trust.regions import OpensslRegion, write
from tests.vectors.seals import loading

SEALS = """
makers = "makers"
signers = "makers"
intermediates = "{folder}/intermediates"
crls = "{folder}/crls"
"""


@pytest.fixture
def judging(running: Running) -> Client:
    """A daemon that trusts the roots of the fixtures; in a folder of its own, to be broken."""
    roots = {f"{each.stem}_der".replace("-", ""): each.read_bytes() for each in _roots()}
    write(running.folder / "makers", **roots)
    running.start(seals=SEALS.format(folder=loading.FOLDER))
    return running.client()


def _roots() -> list[Path]:
    return sorted((loading.FOLDER / "trust").iterdir())


def signetctl(running: Running, *arguments: object) -> tuple[int, Any, str]:
    """Run a command for programs; return its exit code, what it printed, and what it said."""
    command = [sys.executable, "-m", "signetd.cli", "--endpoint", f"unix:{running.socket}"]
    done = subprocess.run(
        [*command, "--output", "json", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_seals_and_stamps_are_judged_by_the_configuration(judging: Client) -> None:
    for name in ("v1-unit", "v4-unit", "v5-unit"):
        case = loading.case(name)
        report = judging.verification.seal(case.data, time=case.at)
        assert report.good, report
    case = loading.case("v4-stamp-unit")
    digest = sm3(case.original)
    assert judging.verification.stamp(case.data, digest, time=case.at, rules="gmt0031").good
    bad = judging.verification.stamp(case.data, bytes(32), time=case.at)
    assert [each.name for each in bad.checks if each.result == 2] == ["DOCUMENT_DIGEST"]


def test_a_region_of_openssl_is_taken_in_and_retired(
    judging: Client, running: Running, tmp_path: Path
) -> None:
    region = OpensslRegion(write(tmp_path / "openssl"))
    region.made.revoke()
    write(tmp_path / "folder" / "makers", ca_pem=region.made.read("ca"))
    write(tmp_path / "folder" / "crls", ca_crl=region.made.revocation_list("ca"))
    seal = region.seal()
    (tmp_path / "seal.esl").write_bytes(seal)
    assert not judging.verification.seal(seal).good, "nobody here knows that region yet"

    file = tmp_path / "list.toml"
    build = ("seal", "trust", "build", tmp_path / "folder", "--name", "示例省", "--days", 30)
    assert signetctl(running, *build, "-o", file)[0] == 0
    # What anybody has the list for: to judge offline, with no daemon.
    assert signetctl(running, "seal", "verify", tmp_path / "seal.esl", "--trust", file)[0] == 0

    into = ("seal", "trust", "import", "example", file, "--comment", "from the gazette")
    code, taken, said = signetctl(running, *into)
    assert code == 0, said
    assert (taken["name"], taken["version"], taken["roots"]) == ("trustLists/example", 1, 1)
    assert "signers has no certificate" in said, "what should be known is told"
    assert signetctl(running, *into)[1]["version"] == 1, "the same again is the same version"
    report = judging.verification.seal(seal, trust_list="example")
    assert report.good, report
    assert report.trust_list == "trustLists/example/versions/1"
    # The fixtures' roots are not in that list.
    other = loading.case("v4-unit")
    assert not judging.verification.seal(other.data, time=other.at, trust_list="example").good

    code, listed, _ = signetctl(running, "seal", "trust", "list")
    assert [(each["name"], each["version"]) for each in listed] == [("trustLists/example", 1)]
    out = tmp_path / "out.toml"
    assert signetctl(running, "seal", "trust", "show", "example", "-o", out)[0] == 0
    assert out.read_bytes() == file.read_bytes()
    assert signetctl(running, "seal", "trust", "retire", "example")[1]["retired"] is True
    with pytest.raises(FailedPrecondition, match="is retired"):
        judging.verification.seal(seal, trust_list="example")
    code, _, said = signetctl(running, *into)
    assert code == 1 and "TRUST_UNUSABLE" in said


def test_a_folder_that_breaks_is_told_and_mended_without_a_restart(
    judging: Client, running: Running
) -> None:
    case = loading.case("v4-unit")
    broken = running.folder / "makers" / "broken.pem"
    broken.write_text("nothing")
    with pytest.raises(FailedPrecondition, match="cannot be used") as caught:
        judging.verification.seal(case.data, time=case.at)
    assert caught.value.reason == "TRUST_UNUSABLE"
    assert str(running.folder) not in caught.value.message
    assert str(broken) in running.log
    broken.unlink()
    assert judging.verification.seal(case.data, time=case.at).good


def test_lists_outlive_a_restart(judging: Client, running: Running) -> None:
    bundle = b"".join(_pem(each.read_bytes()) for each in _roots())
    judging.verification.import_list("fixtures", bundle, comment="for a test")
    running.signal(15)
    assert running.wait(30) == 0
    running.start(seals=SEALS.format(folder=loading.FOLDER))
    client, case = running.client(), loading.case("v4-unit")
    assert client.verification.get_list("fixtures").content == bundle
    assert client.verification.seal(case.data, time=case.at, trust_list="fixtures").good


def _pem(der: bytes) -> bytes:
    done = subprocess.run(
        ["openssl", "x509", "-inform", "DER"], input=der, capture_output=True, check=True
    )
    return done.stdout


def test_what_is_refused_is_named(judging: Client) -> None:
    with pytest.raises(NotFound, match="'nowhere'"):
        judging.verification.seal(b"x", trust_list="nowhere")
    with pytest.raises(InvalidRequest, match="2097153 bytes"):
        judging.verification.seal(bytes((2 << 20) + 1))
    with pytest.raises(InvalidRequest, match="neither a list"):
        judging.verification.import_list("x", b"no list", comment="c")
    with pytest.raises(InvalidRequest, match="not one of gbt-38540"):
        judging.verification.seal(b"x", rules="any")


async def test_many_at_once_over_one_connection(judging: Client, running: Running) -> None:
    case = loading.case("v4-stamp-unit")
    async with AsyncClient(Endpoint(f"unix:{running.socket}")) as client:
        # More than may be under way: the client comes again when it is told to.
        calls = [client.verification.stamp(case.data, time=case.at) for _ in range(24)]
        assert all(each.good for each in await asyncio.gather(*calls))
        assert await client.verification.lists() == []
