"""Statements: written by the daemon's code, verified by the client's."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.audit import verify_statement
from signetd.daemon.statements.writer import StatementWriter
from signetd.drivers.errors import Reason, SignetError
from tests.unit.audit.signers import SoftSigner

NOW = datetime(2026, 11, 25, 13, 45, tzinfo=UTC)
BODY: dict[str, str | int | bool] = {
    "key": "keys/seal",
    "nonce": "00ff",
    "attribute_CKA_SENSITIVE": True,
    "label": "合同章",
}
ALGORITHMS = ("SM2_SM3", "ED25519", "ECDSA_P256_SHA256", "RSA_PSS_SHA256")


def writer(signer: SoftSigner) -> StatementWriter:
    return StatementWriter(signer, "signetd-1", lambda: NOW)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_statement_holds_with_the_key_that_was_kept(algorithm: str, tmp_path: Path) -> None:
    signer = SoftSigner(algorithm, tmp_path)
    document = await writer(signer).sign("key", BODY)
    report = verify_statement(document, [signer.spki], nonce=b"\x00\xff")
    assert report.ok and report.trusted, report.problems
    assert report.statement["kind"] == "key"
    assert report.statement["daemon"] == "signetd-1"
    assert report.statement["time"] == "2026-11-25T13:45:00.000000Z"
    assert {name: report.statement[name] for name in BODY} == BODY


async def test_it_is_proven_by_a_key_that_was_given_only() -> None:
    signer, other = SoftSigner(), SoftSigner()
    document = await writer(signer).sign("key", BODY)
    assert "no key was given" in verify_statement(document).problems[0]
    assert "not among those given" in verify_statement(document, [other.spki]).problems[0]


async def test_a_nonce_of_somebody_else_is_told() -> None:
    signer = SoftSigner()
    document = await writer(signer).sign("key", BODY)
    report = verify_statement(document, [signer.spki], nonce=b"other")
    assert report.problems == ["it does not contain the nonce: it was made for somebody else"]


async def test_no_byte_of_it_can_be_changed() -> None:
    signer = SoftSigner()
    document = await writer(signer).sign("key", BODY)
    line = document.removesuffix(b"\n")
    for place in range(len(line)):
        changed = bytearray(line)
        changed[place] ^= 1
        report = verify_statement(bytes(changed), [signer.spki])
        assert not report.ok, f"byte {place} was changed and nobody noticed: {bytes(changed)!r}"
    for end in range(len(line)):
        assert not verify_statement(line[:end], [signer.spki]).ok


@given(st.binary(max_size=200))
def test_garbage_is_told_and_raises_nothing(data: bytes) -> None:
    assert not verify_statement(data, [SIGNER.spki]).ok


SIGNER = SoftSigner()


async def test_what_signs_a_checkpoint_cannot_be_shown_as_a_statement() -> None:
    signer = SoftSigner()
    values = json.loads(await writer(signer).sign("key", BODY)) | {"type": "checkpoint"}
    line = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert "not a statement" in verify_statement(line, [signer.spki]).problems[0]


async def test_without_a_key_nothing_is_stated() -> None:
    signer = SoftSigner()
    signer.off = True
    with pytest.raises(SignetError) as caught:
        writer(signer).check()
    assert caught.value.reason is Reason.STATEMENT_UNSIGNED
    assert "[audit] key" in caught.value.message
    with pytest.raises(SignetError):
        await writer(signer).sign("key", BODY)


async def test_a_body_cannot_pretend_to_be_signed_by_somebody_else() -> None:
    with pytest.raises(ValueError, match="signer"):
        await writer(SoftSigner()).sign("key", {"signer": "00"})
