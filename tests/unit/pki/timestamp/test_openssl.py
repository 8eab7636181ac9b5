"""Tokens of ``openssl ts``: read, and verified with the same verdict as its own."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp  # type: ignore[import-untyped]  # it ships no types

from signetd.pki import timestamp as ts
from tests import tsa
from tests.unit.pki import making
from tests.unit.pki.making import tlv
from tests.unit.pki.timestamp import stamps

KINDS = ["rsa", "ec"]
HASHES = ["sha256", "sm3"]


def openssl_verifies(authority: tsa.Authority, token: bytes, query: bytes, folder: Path) -> bool:
    """Ask ``openssl ts -verify``, with the root as the only anchor."""
    (folder / "token").write_bytes(token)
    (folder / "query").write_bytes(query)
    given = ["-token_in", "-in", "token", "-queryfile", "query"]
    anchors = ["-CAfile", str(authority.trust / "root.pem")]
    others = ["-untrusted", str(authority.folder / "chain.pem")]
    done = subprocess.run(
        ["openssl", "ts", "-verify", *given, *anchors, *others],
        cwd=folder,
        capture_output=True,
        timeout=60,
    )
    assert (b"Verification: OK" in done.stdout) == (done.returncode == 0), done.stderr.decode()
    return done.returncode == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", HASHES)
def test_a_token_of_openssl(kind: str, name: str, tmp_path: Path) -> None:
    query = stamps.query(kind, hash=name)
    token = ts.read_response(stamps.authority(kind).reply(query))
    report = stamps.verified(token, kind)
    assert report.valid, stamps.told(report)
    assert openssl_verifies(stamps.authority(kind), token, query, tmp_path)
    read = ts.TimeStampToken.read(token)
    info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
    assert isinstance(info, tsp.TSTInfo)
    assert read.gen_time == info["gen_time"].native
    assert read.serial == info["serial_number"].native
    assert read.policy == info["policy"].native == tsa.POLICY
    assert read.imprint == info["message_imprint"]["hashed_message"].native
    assert read.nonce == info["nonce"].native == stamps.NONCE
    assert read.accuracy == (1, 500, 0)
    assert read.imprint_algorithm == name


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_written_byte_by_byte_is_good_for_openssl(kind: str, tmp_path: Path) -> None:
    """So that the writer of the SM2 tokens, which openssl cannot verify, is known to be right."""
    query, token = stamps.query(kind), stamps.token(kind)
    report = stamps.verified(token, kind)
    assert report.valid, stamps.told(report)
    assert openssl_verifies(stamps.authority(kind), token, query, tmp_path)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"nonce": 5}, "NONCE"),
        ({"nonce": None}, "NONCE"),
        (
            {"imprint": tlv(0x30, bytes.fromhex(tsa.HASHES["sha256"]), tlv(4, bytes(32)))},
            "IMPRINT",
        ),
        ({"attrs": lambda data: ()}, "SIGNING_CERTIFICATE"),
        ({"sign": lambda data: bytes(256)}, "SIGNATURE"),
        ({"name": tlv(0xA4, making.name("somebody else"))}, "AUTHORITY_NAME"),
        ({"version": 7}, "FORMAT"),
        ({"signers": 2}, "FORMAT"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
@pytest.mark.parametrize("kind", KINDS)
def test_both_refuse(kind: str, changes: dict[str, object], check: str, tmp_path: Path) -> None:
    query, token = stamps.query(kind), stamps.token(kind, **changes)
    assert check in stamps.failed(stamps.verified(token, kind))
    assert not openssl_verifies(stamps.authority(kind), token, query, tmp_path)


@pytest.mark.parametrize(
    ("options", "check"),
    [
        ({"purposes": None}, "PURPOSE"),
        ({"purposes": tsa.purpose(critical=False)}, "PURPOSE"),
        ({"purposes": tsa.purpose(making.EMAIL)}, "PURPOSE"),
        ({"purposes": tsa.purpose(tsa.TIME_STAMPING, making.EMAIL)}, "PURPOSE"),
        ({"life": (tsa.now() - 9 * tsa.DAY, tsa.now() - tsa.DAY)}, "CHAIN"),
    ],
    ids=["no purpose", "not critical", "another", "more", "expired"],
)
def test_both_refuse_the_authority(options: dict[str, Any], check: str, tmp_path: Path) -> None:
    maker = tsa.Authority(tmp_path, "ec", **options)
    query = stamps.query("ec")
    token = maker.token(query)
    assert check in stamps.failed(stamps.verified(token, authority=maker))
    assert not openssl_verifies(maker, token, query, tmp_path)
