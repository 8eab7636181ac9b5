"""A real daemon attests a key, and a third party verifies that with a file and a public key."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from signetd.audit import read_public_key, verify_statement
from signetd.client import (
    Client,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    SignetdError,
    Unavailable,
)
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


@pytest.fixture
def destroyed(attested: Client) -> Client:
    """A client, and a key "seal" that is destroyed as a whole."""
    attested.disable_key("seal")
    attested.destroy_key("seal")
    return attested


def test_a_whole_key_is_stated_to_be_gone_and_the_token_is_asked_anew(
    destroyed: Client, running: Running
) -> None:
    looked = running.count("C_FindObjectsInit")
    document = destroyed.attest_key("seal", nonce=b"auditor").document
    assert running.count("C_FindObjectsInit") > looked, "a statement is of now, not of then"
    pem = destroyed.get_public_key("audit").pem.encode()
    report = verify_statement(document, [read_public_key(pem)], nonce=b"auditor")
    assert report.ok, report.problems
    said, key = report.statement, destroyed.get_key("seal")
    assert (said["kind"], said["key_state"]) == ("key-destroyed", "DESTROYED")
    assert said["public_key_fingerprint"] == key.public_key_fingerprint
    searched = str(said["searched"])
    for part in (
        f"on tokens/t serial {key.token_serial} at ",
        f"0 objects with CKA_ID {key.cka_id.hex()}",
        f"the public key {key.public_key_fingerprint}",
    ):
        assert part in searched, searched


def test_a_destroyed_key_is_not_attested_while_its_token_is_away(
    destroyed: Client, running: Running
) -> None:
    running.faults("* hide")
    running.await_log("ABSENT")
    with pytest.raises(Unavailable, match="absent") as refused:
        destroyed.attest_key("seal")
    assert refused.value.reason == "TOKEN_ABSENT"


def test_a_pair_that_came_back_is_not_attested_to_be_gone(
    attested: Client, running: Running, tmp_path: Path
) -> None:
    tokens, backup = running.folder / "token" / "tokens", tmp_path / "backup"
    shutil.copytree(tokens, backup)
    attested.disable_key("seal")
    attested.destroy_key("seal")
    assert b"key-destroyed" in attested.attest_key("seal").document
    running.signal(15)
    assert running.wait(30) == 0
    shutil.rmtree(tokens)
    shutil.copytree(backup, tokens)
    running.spawn()
    running.await_log('"event": "ready"')
    with running.client() as client, pytest.raises(SignetdError) as refused:
        client.attest_key("seal")
    assert refused.value.reason == "KEY_STATE_WRONG"
    for part in ("shows again 1 private key object(s), 1 public key object(s)", "backup"):
        assert part in refused.value.message
