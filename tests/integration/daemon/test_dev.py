"""`signetd dev`: a whole instance in a process of its own, from its start to its end."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc
import pytest

from signetd.api.v1 import (
    key_service_pb2,
    key_service_pb2_grpc,
    resources_pb2,
    signing_service_pb2,
    signing_service_pb2_grpc,
)
from signetd.daemon.dev.pytest_plugin import SignetdDev

KEYS = ["demo-ed25519", "demo-p256", "demo-rsa", "demo-sm2"]
SEAL_KEYS = {"demo-maker": "SEAL_MAKING", "demo-seal-key": "SEALING"}


@pytest.fixture
def socket_channel(signetd_dev: SignetdDev) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(signetd_dev.endpoint) as channel:
        yield channel


@pytest.fixture
def tcp_channel(signetd_dev: SignetdDev) -> Iterator[grpc.Channel]:
    files = (signetd_dev.ca, signetd_dev.private_key, signetd_dev.certificate)
    credentials = grpc.ssl_channel_credentials(*(file.read_bytes() for file in files))
    with grpc.secure_channel(signetd_dev.tcp_endpoint, credentials) as channel:
        yield channel


@pytest.mark.parametrize("transport", ["socket_channel", "tcp_channel"])
@pytest.mark.parametrize("key", KEYS)
def test_every_key_signs_and_verifies(
    request: pytest.FixtureRequest, transport: str, key: str
) -> None:
    stub = signing_service_pb2_grpc.SigningServiceStub(request.getfixturevalue(transport))
    order = signing_service_pb2.SignRequest(key=f"keys/{key}", message=b"a document")
    signed = stub.Sign(order, timeout=20)
    check = signing_service_pb2.VerifyRequest(
        key=f"keys/{key}", message=b"a document", signature=signed.signature
    )
    assert stub.Verify(check, timeout=20).valid
    check.message = b"another document"
    assert not stub.Verify(check, timeout=20).valid


@pytest.mark.parametrize("key", SEAL_KEYS)
def test_keys_for_seals_have_certificates_that_openssl_verifies(
    key: str, socket_channel: grpc.Channel, signetd_dev: SignetdDev, tmp_path: Path
) -> None:
    stub = key_service_pb2_grpc.KeyServiceStub(socket_channel)
    found = stub.GetKey(key_service_pb2.GetKeyRequest(name=f"keys/{key}"), timeout=20)
    assert resources_pb2.KeyPurpose.Name(found.purpose) == f"KEY_PURPOSE_{SEAL_KEYS[key]}"
    asked = key_service_pb2.GetCertificateRequest(name=f"keys/{key}")
    kept = stub.GetCertificate(asked, timeout=20)
    assert kept.on_token, kept.token_note
    authority = signetd_dev.folder / "ca"
    own, intermediate = kept.pem.encode(), (authority / "ca.pem").read_bytes()
    assert kept.pem.encode().endswith(intermediate), "the chain was imported"
    _verify(own, authority / "trust" / "intermediates" / "ca.pem", tmp_path)
    _verify(intermediate, authority / "trust" / "root.pem", tmp_path)
    for file in ("root.key", "ca.key"):
        assert (authority / file).stat().st_mode & 0o777 == 0o600, file


def _verify(certificate: bytes, issuer: Path, folder: Path) -> None:
    """Have openssl verify one signature; it uses the signer's ID for the last certificate only."""
    (folder / "one.pem").write_bytes(certificate)
    command = ["openssl", "verify", "-vfyopt", "distid:1234567812345678", "-partial_chain"]
    command += ["-trusted", str(issuer), str(folder / "one.pem")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_client_files_are_private(signetd_dev: SignetdDev) -> None:
    instance = signetd_dev.ca.parent.parent
    assert instance.stat().st_mode & 0o777 == 0o700
    for file in (signetd_dev.ca, signetd_dev.certificate, signetd_dev.private_key):
        assert file.stat().st_mode & 0o777 == 0o600, file


def _start(folder: Path) -> tuple[subprocess.Popen[str], list[str]]:
    log = folder.parent / "log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "signetd.daemon", "dev", str(folder)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    if words[:1] != ["ready"]:
        process.kill()
        process.communicate(timeout=30)
        pytest.fail(f"signetd dev did not get ready; its log:\n{log.read_text()}")
    return process, words


def _end(process: subprocess.Popen[str], number: int) -> None:
    assert process.stdout is not None
    members = _session(process.pid)
    assert len(members) > 1, "the instance has at least one worker"
    process.send_signal(number)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(30) == 0
    assert rest == "", "standard output has the one line that says ready"
    assert _session(process.pid) == []


def _session(leader: int) -> list[int]:
    """The processes of a session; a worker may have made a session of its own, so by parent too."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z" and str(leader) in (entry.name, fields[1], fields[3]):
                found.append(int(entry.name))
    return found


def _fingerprints(endpoint: str) -> dict[str, str]:
    with grpc.insecure_channel(endpoint) as channel:
        stub = key_service_pb2_grpc.KeyServiceStub(channel)
        keys = stub.ListKeys(key_service_pb2.ListKeysRequest(), timeout=20).keys
    return {key.name: key.public_key_fingerprint for key in keys}


def test_second_start_has_the_same_keys_and_no_process_is_left() -> None:
    with TemporaryDirectory(prefix="signetd-") as name:
        folder = Path(name) / "instance"
        process, words = _start(folder)
        first = _fingerprints(words[1])
        assert json.loads((folder / "address.json").read_text())["tcp_endpoint"] == words[2]
        assert words[3] == str(folder / "client")
        _end(process, signal.SIGTERM)
        process, words = _start(folder)
        assert _fingerprints(words[1]) == first
        assert set(first) == {f"keys/{key}" for key in ("demo-audit", *KEYS, *SEAL_KEYS)}
        _end(process, signal.SIGINT)


@pytest.mark.parametrize(
    ("make", "words"),
    [("a" * 120, "at most 107"), ("used", "holds other files")],
)
def test_unsuitable_folder_is_refused(make: str, words: str) -> None:
    with TemporaryDirectory(prefix="signetd-") as name:
        folder = Path(name) / make
        folder.mkdir()
        (folder / "precious").write_text("data")
        done = subprocess.run(
            [sys.executable, "-m", "signetd.daemon", "dev", f"{folder}/../{make}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_tools_it_says_what_to_install() -> None:
    with TemporaryDirectory(prefix="signetd-") as name:
        home = Path(name)
        done = subprocess.run(
            [sys.executable, "-m", "signetd.daemon", "dev", str(home / "instance")],
            env={"PATH": str(home), "HOME": name, "XDG_CACHE_HOME": name},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"install .*(gcc|softhsm2)", done.stderr), done.stderr
    assert "Traceback" not in done.stderr


def test_version_and_configuration_check() -> None:
    def signetd(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "signetd.daemon", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert signetd("--version").stdout == f"signetd {version('signetd')}\n"
    with TemporaryDirectory(prefix="signetd-") as name:
        file = Path(name) / "signetd.toml"
        file.write_text('[daemon]\nstate_directory = "state"\n\n[log]\nformta = "json"\n')
        wrong = signetd("check-config", str(file))
        assert wrong.returncode == 1
        assert f"{file}:5" in wrong.stdout
        file.write_text(
            '[daemon]\nstate_directory = "state"\n[[listener]]\nunix = "s"\nidentity = "a"\n'
            '[access]\nfirst_security_admin = "a"\n'
        )
        right = signetd("check-config", str(file))
        assert (right.returncode, right.stdout, right.stderr) == (0, "ok\n", "")
