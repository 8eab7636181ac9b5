"""A real daemon attests a key, and a third party verifies that with a file and a public key."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from signetd.audit import read_public_key, verify_statement
from signetd.client import Client, FailedPrecondition, InvalidRequest, NotFound
from tests.integration.daemon.running import Running


@pytest.fixture
def attested(running: Running) -> Client:
    running.start(database='[audit]\nkey = "audit"')
    client = running.client()
    client.generate_key("audit", token="t", key_type="SM2", purpose="audit")
    client.generate_key("seal", token="t", key_type="SM2")
    return client


def test_a_statement_of_a_key_is_verified_offline(
    attested: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    statement = attested.attest_key("seal", nonce=b"fresh")
    pem = attested.get_public_key("audit").pem.encode()
    report = verify_statement(statement.document, [read_public_key(pem)], nonce=b"fresh")
    assert report.ok, report.problems
    said, key = report.statement, attested.get_key("seal")
    assert said["key"] == "keys/seal"
    assert said["public_key_fingerprint"] == key.public_key_fingerprint
    assert said["token_serial"] == key.token_serial
    assert said["CKA_NEVER_EXTRACTABLE"] is True
    assert said["CKA_EXTRACTABLE"] is False
    assert said["unreported"] == ""
    # A third party has the file and the key, and nothing of ours but the command.
    (tmp_path / "audit.pem").write_bytes(pem)
    (tmp_path / "seal.json").write_bytes(statement.document)
    found = _verify(tmp_path, "--public-key", "audit.pem", "--nonce", b"fresh".hex())
    assert found["ok"] and found["statement"] == json.loads(statement.document)


def _verify(folder: Path, *options: str) -> dict[str, object]:
    command = [sys.executable, "-m", "signetd.cli", "audit", "verify-statement", "seal.json"]
    done = subprocess.run(
        [*command, "--json", *options], cwd=folder, capture_output=True, text=True, timeout=60
    )
    found: dict[str, object] = json.loads(done.stdout)
    assert (done.returncode == 0) is found["ok"], done.stderr
    return found


def test_openssl_verifies_the_signature(attested: Client, tmp_path: Path) -> None:
    document = json.loads(attested.attest_key("seal").document)
    signature = bytes.fromhex(document.pop("signature"))
    line = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    (tmp_path / "signed").write_bytes(line.encode())
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "audit.pem").write_text(attested.get_public_key("audit").pem)
    how = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    what = ["-pubin", "-inkey", "audit.pem", "-in", "signed", "-sigfile", "signature"]
    command = ["openssl", "pkeyutl", "-verify", *how, *what]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_what_cannot_be_attested_is_told(attested: Client) -> None:
    with pytest.raises(InvalidRequest, match="65 bytes; it may have at most 64"):
        attested.attest_key("seal", nonce=b"x" * 65)
    with pytest.raises(NotFound, match="no version 2"):
        attested.attest_key("seal", version=2)


def test_without_an_audit_key_nothing_is_attested(running: Running) -> None:
    running.start()
    client = running.client()
    client.generate_key("seal", token="t", key_type="SM2")
    with pytest.raises(FailedPrecondition, match=r"\[audit\] key"):
        client.attest_key("seal")


def test_a_destroyed_version_is_stated_to_be_gone(attested: Client) -> None:
    attested.replace_key("seal")
    attested.destroy_key("seal", version=1)
    pem = attested.get_public_key("audit").pem.encode()
    document = attested.attest_key("seal", version=1).document
    report = verify_statement(document, [read_public_key(pem)])
    assert report.ok, report.problems
    said = report.statement
    assert (said["kind"], said["key_version"]) == ("key-destroyed", 1)
    assert "version 1 gone: looked in a fresh session" in str(said["searched"])
    assert "CKA_LOCAL" not in said
    held = verify_statement(attested.attest_key("seal").document, [read_public_key(pem)])
    assert (held.statement["kind"], held.statement["key_version"]) == ("key", 2)
