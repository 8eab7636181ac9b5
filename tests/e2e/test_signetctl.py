"""signetctl on a whole instance; what it signs is verified by the openssl command."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]
OPTIONS = {
    "demo-sm2": ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"],
    "demo-rsa": ["-digest", "sha256"],
    "demo-p256": ["-digest", "sha256"],
    "demo-ed25519": [],
}


def openssl(folder: Path, key_pem: str, file: str, *options: str) -> str:
    (folder / "k.pem").write_text(key_pem)
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "k.pem", "-rawin", *options]
    files = ["-in", file, "-sigfile", f"{file}.sig"]
    done = subprocess.run(
        [*verify, *files], cwd=folder, capture_output=True, text=True, timeout=100
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("key", OPTIONS)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_signature_is_verified_by_openssl(
    key: str, size: int, signetctl: Run, tmp_path: Path
) -> None:
    (tmp_path / "doc").write_bytes(b"x" * size)
    assert signetctl("sign", "doc", "--key", key).returncode == 0
    assert signetctl("verify", "doc", "doc.sig", "--key", key).returncode == 0
    pem = signetctl("key", "public-key", key).stdout
    assert "Verified Successfully" in openssl(tmp_path, pem, "doc", *OPTIONS[key])


def test_100_mib_are_hashed_here_and_verified_by_openssl(signetctl: Run, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(100 << 20)
    done = signetctl("sign", "big", "--key", "demo-sm2", "--signer-id", "ALICE123@YAHOO.COM")
    assert done.returncode == 0, done.stderr
    pem = signetctl("key", "public-key", "demo-sm2").stdout
    options = ["-digest", "sm3", "-pkeyopt", "distid:ALICE123@YAHOO.COM"]
    assert "Verified Successfully" in openssl(tmp_path, pem, "big", *options)


def test_50_mib_are_sent_and_verified_by_openssl(signetctl: Run, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(range(256)) * (50 << 12))
    done = signetctl("--output", "json", "sign", "big", "--key", "demo-sm2", "--send")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["document_bytes"] == 50 << 20
    pem = signetctl("key", "public-key", "demo-sm2").stdout
    assert "Verified Successfully" in openssl(tmp_path, pem, "big", *OPTIONS["demo-sm2"])
    refused = signetctl("sign", "big", "--key", "demo-ed25519", "--send")
    assert refused.returncode != 0
    assert "Ed25519" in refused.stderr


def test_raw_encoding(signetctl: Run, tmp_path: Path) -> None:
    (tmp_path / "doc").write_bytes(b"x")
    signetctl("sign", "doc", "--key", "demo-sm2", "--encoding", "raw")
    assert (tmp_path / "doc.sig").stat().st_size == 64
    same = ("verify", "doc", "doc.sig", "--key", "demo-sm2")
    assert signetctl(*same, "--encoding", "raw").returncode == 0
    assert signetctl(*same).returncode == 1


def test_stdin_to_stdout(signetctl: Run, tmp_path: Path) -> None:
    (tmp_path / "doc").write_text("a document")
    done = signetctl("sign", "-", "--key", "demo-p256", input=b"a document", text=False)
    (tmp_path / "doc.sig").write_bytes(done.stdout)  # type: ignore[arg-type]  # bytes here
    assert signetctl("verify", "doc", "doc.sig", "--key", "demo-p256").returncode == 0


def test_an_altered_file_is_found(signetctl: Run, tmp_path: Path) -> None:
    (tmp_path / "doc").write_bytes(b"x")
    signetctl("sign", "doc", "--key", "demo-p256")
    (tmp_path / "doc").write_bytes(b"y")
    done = signetctl("verify", "doc", "doc.sig", "--key", "demo-p256")
    assert (done.returncode, "not valid" in done.stderr) == (1, True)


def test_ed25519_refuses_what_is_larger_than_a_message(signetctl: Run, tmp_path: Path) -> None:
    (tmp_path / "doc").write_bytes(b"x" * ((1 << 20) + 1))
    done = signetctl("sign", "doc", "--key", "demo-ed25519")
    assert done.returncode == 1
    assert "MESSAGE_TOO_LARGE" in done.stderr
    assert not (tmp_path / "doc.sig").exists()


def test_the_life_of_a_key(signetctl: Run, tmp_path: Path) -> None:
    (tmp_path / "doc").write_bytes(b"x")
    made = signetctl(
        "--output", "json", "key", "generate", "life", "--token", "dev", "--type", "ec-p384"
    )
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["state"] == "ENABLED", made.stderr
    again = signetctl("key", "generate", "life", "--token", "dev", "--type", "sm2")
    assert "KEY_EXISTS" in again.stderr
    assert signetctl("sign", "doc", "--key", "life").returncode == 0
    assert "KEY_STATE_WRONG" in signetctl("key", "destroy", "life", "--yes").stderr
    assert signetctl("key", "disable", "life").returncode == 0
    assert "KEY_STATE_WRONG" in signetctl("sign", "doc", "--key", "life").stderr
    assert signetctl("key", "destroy", "life", input="another\n").returncode == 1
    assert signetctl("key", "destroy", "life", input="life\n").returncode == 0
    assert signetctl("verify", "doc", "doc.sig", "--key", "life").returncode == 0


def test_what_a_key_is_for_what_holds_for_it_and_how_often_it_was_used(
    signetctl: Run, tmp_path: Path
) -> None:
    (tmp_path / "doc").write_bytes(b"x")
    new = ("key", "generate", "counted", "--token", "dev", "--type", "ec-p256")
    assert signetctl(*new, "--purpose", "signing").returncode == 0
    assert signetctl("key", "set-policy", "counted", "--in-all", "1").returncode == 0
    assert signetctl("sign", "doc", "--key", "counted").returncode == 0
    assert "LIMIT_REACHED" in signetctl("sign", "doc", "--key", "counted").stderr
    shown = json.loads(signetctl("--output", "json", "key", "show", "counted").stdout)
    assert (shown["purpose"], shown["uses"]) == ("SIGNING", 1)
    assert shown["policy"]["limits"] == [{"count": 1, "period": "EVER"}]
    unverified = signetctl("key", "set-policy", "counted", "--skip-verification")
    assert "signatures not verified" in unverified.stdout, unverified.stderr
    assert "signatures not verified" in signetctl("key", "show", "counted").stdout
    lifted = signetctl("key", "set-policy", "counted").stdout
    assert "no limits" in lifted


def test_wrong_pin_is_refused_and_the_right_one_works(
    signetctl: Run, system: Run, tmp_path: Path, signetd_dev: object
) -> None:
    assert system("token", "lock", "dev").returncode == 0
    (tmp_path / "doc").write_bytes(b"x")
    assert "TOKEN_LOCKED" in signetctl("sign", "doc", "--key", "demo-sm2").stderr
    wrong = tmp_path / "wrong.pin"
    wrong.write_text("not the pin\n")
    assert "chmod 600" in system("token", "unlock", "dev", "--pin-file", str(wrong)).stderr
    wrong.chmod(0o600)
    refused = system("token", "unlock", "dev", "--pin-file", str(wrong))
    assert "PIN_REFUSED" in refused.stderr
    assert "not the pin" not in refused.stderr + refused.stdout
    folder = Path(signetd_dev.folder)  # type: ignore[attr-defined]
    right = next(folder.glob("**/user.pin"))
    done = system("token", "unlock", "dev", "--pin-file", str(right))
    assert done.returncode == 0, done.stderr
    assert signetctl("sign", "doc", "--key", "demo-sm2").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("key", "show", "none"), 1, "KEY_NOT_FOUND"),
        (("token", "show", "none"), 1, "TOKEN_NOT_FOUND"),
        (("key", "generate", "Bad", "--token", "dev", "--type", "sm2"), 1, "INPUT_INVALID"),
        (("key", "generate", "ok", "--token", "dev", "--type", "dsa"), 1, "INPUT_INVALID"),
        (("key", "enrol", "ok", "--token", "dev", "--id", "xx"), 2, "not hex"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_refusals_and_exit_codes(
    arguments: tuple[str, ...], code: int, said: str, signetctl: Run
) -> None:
    done = signetctl(*arguments)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_token_is_shown_in_one_order(signetctl: Run) -> None:
    """Whether a field has a value or not; the reason of a state stands beside the state."""
    shown = json.loads(signetctl("--output", "json", "token", "show", "dev").stdout)
    names = list(shown)
    assert names[names.index("state") + 1] == "state_reason"


def test_a_key_is_replaced_and_what_it_signed_before_is_verified(
    signetctl: Run, tmp_path: Path
) -> None:
    (tmp_path / "doc").write_bytes(b"x")
    (tmp_path / "new").write_bytes(b"x")
    new = ("key", "generate", "turned", "--token", "dev", "--type", "sm2")
    assert signetctl(*new).returncode == 0
    assert signetctl("sign", "doc", "--key", "turned").returncode == 0
    replaced = signetctl("--output", "json", "key", "replace", "turned")
    assert json.loads(replaced.stdout)["primary_version"] == "keys/turned/versions/2"
    assert signetctl("sign", "new", "--key", "turned").returncode == 0
    for file, version in (("doc", "1"), ("new", "2")):
        name = f"keys/turned/versions/{version}"
        done = signetctl("--output", "json", "verify", file, f"{file}.sig", "--key", "turned")
        assert json.loads(done.stdout) == {"valid": True, "key_version": name}, done.stderr
        assert signetctl("verify", file, f"{file}.sig", "--key", name).returncode == 0
        pem = signetctl("key", "public-key", "turned", "--version", version).stdout
        said = openssl(tmp_path, pem, file, *OPTIONS["demo-sm2"])
        assert "Verified Successfully" in said
    assert signetctl("verify", "doc", "doc.sig", "--key", "turned/versions/2").returncode == 1
    refused = signetctl("key", "destroy", "turned", "--version", "2", "--yes")
    assert "the one that signs" in refused.stderr
    assert signetctl("key", "destroy", "turned", "--version", "1", "--yes").returncode == 0
    listed = json.loads(signetctl("--output", "json", "key", "versions", "turned").stdout)
    assert [each["state"] for each in listed] == ["PRIMARY", "DESTROYED"]
    assert signetctl("verify", "doc", "doc.sig", "--key", "turned").returncode == 0
    assert "never was extractable" in signetctl("key", "show", "turned").stdout


def test_a_cka_id_of_more_than_32_bytes_is_refused(signetctl: Run) -> None:
    done = signetctl("key", "enrol", "long", "--token", "dev", "--id", "00" * 33)
    assert "33 bytes; it may have at most 32" in done.stderr
    assert "not hex" in signetctl("key", "replace", "demo-rsa", "--id", "xyz").stderr
