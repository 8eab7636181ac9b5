"""Certificates of keys in a running daemon: requested, issued by an openssl CA, imported, kept."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509

from signetd.client import (
    Client,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    SignetdError,
    SignItem,
)
from signetd.pki import Certificate, Policy, Revocation, TrustStore, validate
from tests.integration.daemon.running import Running
from tests.pki_ca import OpensslCa

KINDS = {"sm2": "SM2", "rsa": "RSA_2048"}
DAY = timedelta(days=1)
SUBJECT = "CN=张三,O=示例 Ltd,C=CN"
_OBJECTS = Path(__file__).parents[1] / "drivers" / "certificate_objects.py"


class Place:
    """A daemon, a client of it, and CAs of both kinds beside it."""

    def __init__(self, daemon: Running, folder: Path) -> None:
        self.daemon = daemon
        self.client: Client = daemon.client()
        self.cas = {kind: OpensslCa(folder / kind, kind) for kind in KINDS}
        self._names = 0

    def key(self, kind: str = "sm2", purpose: str | None = None) -> str:
        """Have a key made under a new name."""
        self._names += 1
        name = f"key-{self._names}"
        key_type = KINDS.get(kind, kind)
        self.client.generate_key(name, token="t", key_type=key_type, purpose=purpose)
        return name

    def csr(self, name: str) -> bytes:
        return self.client.create_csr(name, subject=SUBJECT).pem.encode()

    def issued(self, name: str, kind: str = "sm2", **how: object) -> bytes:
        """Have a certificate issued for a key: PEM, without the chain."""
        return self.cas[kind].issue(self.csr(name), **how)  # type: ignore[arg-type]

    def refused(self, name: str, certificates: bytes) -> SignetdError:
        """Import what must be refused; nothing may have changed by it."""
        before = self.client.get_key(name)
        with pytest.raises(SignetdError) as caught:
            self.client.import_certificate(name, certificates)
        assert self.client.get_key(name) == before
        return caught.value

    def on_token(self) -> list[bytes]:
        """Return the certificates on the token, as another program sees them."""
        folder = self.daemon.folder / "token"
        configuration = (self.daemon.folder / "signetd.toml").read_text()
        lines = [line for line in configuration.splitlines() if " = " in line]
        values = dict(line.split(" = ", 1) for line in lines)
        variables = {
            name: value.strip('"')
            for name, value in values.items()
            if name.isupper() and name not in ("SIGNETD_FAULT_FILE", "SIGNETD_FAULT_LOG")
        }
        done = subprocess.run(
            [sys.executable, str(_OBJECTS), values["module"].strip('"'), "test",
             str(folder / "user.pin")],
            env=os.environ | variables, capture_output=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return [bytes.fromhex(each["VALUE"]) for each in found]

    def records(self, name: str, operation: str) -> list[sqlite3.Row]:
        """Return the audit's records of a call about a key."""
        file = self.daemon.folder / "state" / "signetd.db"
        query = "select * from audit_records where resource = ? and operation = ? order by number"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(query, (f"keys/{name}", operation)).fetchall()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with TemporaryDirectory(prefix="signetd-") as name:
        daemon = Running(Path(name))
        try:
            daemon.start()
            yield Place(daemon, Path(name) / "cas")
        finally:
            daemon.kill()


def detail(record: sqlite3.Row) -> str:
    return str(json.loads(record["body"])["detail"])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_from_the_request_to_a_chain_that_holds(place: Place, kind: str) -> None:
    ca, name = place.cas[kind], place.key(kind, "sealing")
    own = place.issued(name, kind)
    kept = place.client.import_certificate(name, ca.root + own + ca.intermediate)
    assert kept.name == f"keys/{name}/versions/1"
    assert kept.on_token, kept.token_note
    wanted = [Certificate.read(each).der for each in (own, ca.intermediate, ca.root)]
    assert list(kept.der) == wanted, "sorted from the key's own to the root"
    assert wanted[0] in place.on_token()
    assert place.client.get_certificate(name) == kept
    assert place.client.get_certificate(name, version=1) == kept
    assert Certificate.read_all(kept.pem.encode())[0].der == wanted[0]
    assert kept.subject == "CN=张三, O=示例 Ltd, C=CN"
    assert kept.issuer == "CN=CA intermediate, O=Test, C=CN"
    report = validate(
        kept.der[0],
        Policy(
            at=datetime.now(UTC),
            key_usages=frozenset({"nonRepudiation"}),
            revocation=Revocation.IGNORED,
        ),
        TrustStore("test", [Certificate.read(ca.root)]),
        kept.der[1:],
    )
    assert report.valid, report.failures
    shown = place.client.get_key(name)
    assert shown.certificate_expire_time == kept.not_after
    assert not shown.warnings


@pytest.mark.parametrize("key_type", ["SM2", "RSA_2048", "EC_P256", "ED25519"])
def test_openssl_accepts_what_signetctl_writes(place: Place, key_type: str, tmp_path: Path) -> None:
    name, file = place.key(key_type), tmp_path / "request.pem"
    signetctl = [sys.executable, "-m", "signetd.cli", "--endpoint", place.daemon.endpoint]
    subprocess.run(
        [*signetctl, "key", "csr", name, "--subject", SUBJECT, "--san", "dns:seal.example.cn",
         "--usage", "nonRepudiation", "--extended-usage", "1.3.6.1.5.5.7.3.4", "-o", str(file)],
        check=True, timeout=60,
    )  # fmt: skip
    option = ["-vfyopt", "distid:1234567812345678"] if key_type == "SM2" else []
    shown = ["-noout", "-text", "-nameopt", "utf8"]
    done = subprocess.run(
        ["openssl", "req", "-in", str(file), "-verify", *option, *shown],
        capture_output=True,
        timeout=60,
    )
    assert b"self-signature verify OK" in done.stderr, done.stderr
    text = done.stdout.decode()
    for part in ("CN=张三", "DNS:seal.example.cn", "E-mail Protection"):
        assert part in text, text
    assert "Digital Signature" not in text
    key = subprocess.run(
        ["openssl", "req", "-in", str(file), "-pubkey", "-noout"], capture_output=True, timeout=60
    )
    assert key.stdout.decode().split() == place.client.get_public_key(name).pem.split()


@pytest.mark.parametrize("algorithm", ["RSA_PKCS1_SHA512", "RSA_PSS_SHA256", "RSA_PSS_SHA512"])
def test_the_request_is_signed_as_asked(place: Place, algorithm: str, tmp_path: Path) -> None:
    file = tmp_path / "request.pem"
    made = place.client.create_csr(place.key("rsa"), subject="CN=x", algorithm=algorithm)
    file.write_text(made.pem)
    done = subprocess.run(
        ["openssl", "req", "-in", str(file), "-verify", "-noout"], capture_output=True, timeout=60
    )
    assert b"self-signature verify OK" in done.stderr, done.stderr


def test_the_record_of_a_request_names_what_was_signed(place: Place) -> None:
    name = place.key("EC_P256")
    uses = place.client.get_key(name).uses
    der = place.client.create_csr(name, subject="CN=recorded").der
    info = x509.load_der_x509_csr(der).tbs_certrequest_bytes
    begun, ended = place.records(name, "KeyService/CreateCsr")
    assert (begun["result"], ended["result"]) == ("BEGUN", "OK")
    assert f"digest {hashlib.sha256(info).hexdigest()}" in detail(begun)
    assert "CN=recorded" in detail(begun)
    assert place.client.get_key(name).uses == uses, "a request is no use of the key"


def test_keys_that_must_not_sign_sign_no_request(place: Place) -> None:
    audit, disabled = place.key("sm2", "audit"), place.key()
    place.client.disable_key(disabled)
    signing = place.key()
    begun = place.daemon.count("C_SignInit")
    for name, reason in ((audit, "KEY_PURPOSE_WRONG"), (disabled, "KEY_STATE_WRONG")):
        with pytest.raises(FailedPrecondition) as caught:
            place.client.create_csr(name, subject="CN=x")
        assert caught.value.reason == reason
    for changes in ({"subject": "x"}, {"subject": ""}, {"key_usages": ["keyCertSign"]}):
        with pytest.raises(InvalidRequest):
            place.client.create_csr(signing, **({"subject": "CN=x"} | changes))
    assert place.daemon.count("C_SignInit") == begun


def test_a_certificate_of_another_key_is_refused_naming_whose_it_is(place: Place) -> None:
    one, other = place.key(), place.key()
    error = place.refused(one, place.issued(other))
    assert (error.reason, f"'{other}'" in error.message) == ("CERTIFICATE_UNSUITABLE", True)
    stranger = place.cas["rsa"]._request("stranger", "stranger")
    error = place.refused(one, place.cas["rsa"].issue(stranger))
    assert error.reason == "CERTIFICATE_UNSUITABLE"
    assert "None of the certificates" in error.message


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"life": (-9 * DAY, -2 * DAY)}, "expired"),
        ({"usage": "keyAgreement"}, "keyAgreement; not digitalSignature"),
        ({"section": "authority"}, "it is of a CA"),
        ({"kind": "rsa", "digest": "sha1"}, "rsa-sha1, which is not accepted"),
        ({"kind": "rsa", "digest": "md5"}, "rsa-md5, which is not accepted"),
    ],
)
@pytest.mark.parametrize("purpose", ["sealing", "seal-making", "signing"])
def test_an_unsuitable_certificate_is_refused(
    place: Place, how: dict[str, object], why: str, purpose: str
) -> None:
    kind = str(how.get("kind", "sm2"))
    name = place.key(kind, purpose)
    given = {key: value for key, value in how.items() if key != "kind"}
    error = place.refused(name, place.issued(name, kind, **given))
    assert error.reason == "CERTIFICATE_UNSUITABLE"
    assert why in error.message, error.message
    with pytest.raises(FailedPrecondition) as caught:
        place.client.get_certificate(name)
    assert caught.value.reason == "CERTIFICATE_MISSING"


def test_a_chain_that_does_not_belong_is_refused(place: Place) -> None:
    ca, name = place.cas["sm2"], place.key()
    own = place.issued(name)
    other = OpensslCa(ca.folder / "other", "sm2", "Other")
    namesake = OpensslCa(ca.folder / "namesake", "sm2")
    missing = ca.root  # the intermediate between them is not given
    for more in (other.root, other.intermediate, namesake.intermediate, missing):
        error = place.refused(name, own + more)
        assert error.reason == "CERTIFICATE_UNSUITABLE"
        assert "does not belong to the chain" in error.message
    assert (
        "not signed by the issuer's key" in place.refused(name, own + namesake.intermediate).message
    )


def test_an_expired_ca_in_the_chain_is_refused(place: Place) -> None:
    ca, name = place.cas["sm2"], place.key()
    request = (ca.folder / "ca.csr").read_bytes()
    old = ca.issue(request, section="authority", by="root", life=(-9 * DAY, -2 * DAY))
    error = place.refused(name, place.issued(name) + old + ca.root)
    assert error.reason == "CERTIFICATE_UNSUITABLE"
    assert "CN=CA intermediate" in error.message
    assert "expired" in error.message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "INPUT_MISSING"),
        (b"garbage", "INPUT_INVALID"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "INPUT_INVALID"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "INPUT_INVALID"),
        (b"0" * (256 * 1024 + 1), "INPUT_INVALID"),
    ],
)
def test_garbage_is_refused(place: Place, data: bytes, reason: str) -> None:
    assert place.refused(place.key(), data).reason == reason


def test_more_certificates_than_a_chain_has_are_refused(place: Place) -> None:
    name = place.key()
    error = place.refused(name, b"".join(place.issued(name) for _ in range(9)))
    assert (error.reason, "at most 8" in error.message) == ("INPUT_INVALID", True)


def test_a_new_certificate_replaces_the_former_and_the_audit_names_both(place: Place) -> None:
    name = place.key()
    first, second = place.issued(name), place.issued(name)
    place.client.import_certificate(name, first)
    kept = place.client.import_certificate(name, second)
    assert list(kept.der) == [Certificate.read(second).der]
    on_token = place.on_token()
    assert Certificate.read(first).der not in on_token
    assert Certificate.read(second).der in on_token
    records = place.records(name, "KeyService/ImportCertificate")
    assert [each["result"] for each in records] == ["BEGUN", "OK", "BEGUN", "OK"]
    for read in (Certificate.read(first), Certificate.read(second)):
        assert f"SHA-256 {read.fingerprint}" in detail(records[2])
    assert detail(records[3]) == "on the token too"


def test_a_certificate_in_der_that_shall_not_be_on_the_token(place: Place) -> None:
    name = place.key("rsa")
    der = Certificate.read(place.issued(name, "rsa")).der
    kept = place.client.import_certificate(name, der, not_on_token=True)
    assert not kept.on_token
    assert "asked not to" in kept.token_note
    assert der not in place.on_token()
    assert "holds none" in place.client.get_certificate(name).token_note


def test_a_full_token_is_no_error(place: Place) -> None:
    name = place.key()
    own = place.issued(name)
    place.daemon.faults("C_CreateObject error 0x31")
    try:
        kept = place.client.import_certificate(name, own)
    finally:
        place.daemon.faults()
    assert not kept.on_token
    assert "the token is full" in kept.token_note
    ended = place.records(name, "KeyService/ImportCertificate")[-1]
    assert detail(ended).startswith("not on the token: ")
    assert "the token is full" in detail(ended)
    assert place.client.get_certificate(name).der == kept.der
    again = place.client.import_certificate(name, own)
    assert again.on_token, "importing it again writes it when there is room"


def test_a_destroyed_key_leaves_its_certificate_in_the_registration_alone(place: Place) -> None:
    name = place.key()
    der = Certificate.read(place.issued(name)).der
    place.client.import_certificate(name, der)
    assert der in place.on_token()
    place.client.disable_key(name)
    place.client.destroy_key(name)
    assert der not in place.on_token()
    kept = place.client.get_certificate(name)
    assert (list(kept.der), kept.on_token) == ([der], False)
    assert "destroyed" in kept.token_note
    with pytest.raises(FailedPrecondition) as caught:
        place.client.import_certificate(name, der)
    assert caught.value.reason == "KEY_STATE_WRONG"


def test_a_new_pair_needs_a_certificate_of_its_own(place: Place) -> None:
    name = place.key()
    former = place.issued(name)
    place.client.import_certificate(name, former)
    place.client.replace_key(name)
    assert not place.client.get_key(name).HasField("certificate_expire_time")
    with pytest.raises(FailedPrecondition) as caught:
        place.client.get_certificate(name)
    assert caught.value.reason == "CERTIFICATE_MISSING"
    kept = place.client.get_certificate(name, version=1)
    assert list(kept.der) == [Certificate.read(former).der]
    error = place.refused(name, former)
    assert error.reason == "CERTIFICATE_UNSUITABLE"
    assert f"of version 1 of the key '{name}'" in error.message
    again = place.client.import_certificate(name, place.issued(name))
    assert (again.name, again.on_token) == (f"keys/{name}/versions/2", True)
    assert place.client.get_certificate(name, version=1) == kept


def test_there_is_nothing_to_show_of_a_version_that_there_is_not(place: Place) -> None:
    name = place.key()
    place.client.import_certificate(name, place.issued(name))
    with pytest.raises(NotFound):
        place.client.get_certificate(name, version=2)
    for wrong in (0, -1):
        with pytest.raises(InvalidRequest):
            place.client.get_certificate(name, version=wrong)


def test_one_that_is_not_valid_yet_is_kept_and_told(place: Place) -> None:
    name = place.key()
    place.client.import_certificate(name, place.issued(name, life=(2 * DAY, 90 * DAY)))
    (warning,) = place.client.get_key(name).warnings
    assert "is not valid before" in warning


def test_signetctl_imports_and_prints(place: Place, tmp_path: Path) -> None:
    name, ca = place.key(), place.cas["sm2"]
    own = place.issued(name, life=(-1 * DAY, 6.5 * DAY))
    bundle, out = tmp_path / "bundle.pem", tmp_path / "out.pem"
    bundle.write_bytes(ca.intermediate + own)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        signetctl = [sys.executable, "-m", "signetd.cli", "--endpoint", place.daemon.endpoint]
        done = subprocess.run(
            [*signetctl, "key", *arguments], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done

    shown = run("import-certificate", name, str(bundle)).stdout
    assert "CN=张三, O=示例 Ltd, C=CN" in shown
    assert "BEGIN" not in shown
    assert run("certificate", name).stdout.encode() == own
    run("certificate", name, "--chain", "-o", str(out))
    assert out.read_bytes() == own + ca.intermediate
    listed = run("list")
    assert f"keys/{name}: Its certificate expires in 6 days" in listed.stderr
    assert "certificate expire time" in listed.stdout
    assert "expires in 6 days" in run("show", name).stdout


def test_the_log_tells_of_expiry_when_the_daemon_starts(running: Running, tmp_path: Path) -> None:
    running.start()
    ca = OpensslCa(tmp_path / "ca", "sm2")
    with running.client() as client:
        for name, days in (("soon", 6.5), ("later", 300)):
            client.generate_key(name, token="t", key_type="SM2")
            request = client.create_csr(name, subject="CN=x").pem.encode()
            issued = ca.issue(request, life=(-1 * DAY, days * DAY))
            client.import_certificate(name, issued)
    running.signal(15)
    assert running.wait(30) == 0
    running.spawn()
    running.await_log("certificate expires soon")
    lines = [json.loads(line) for line in running.log.splitlines() if line.startswith("{")]
    (line,) = [each for each in lines if each["event"] == "certificate expires soon"]
    assert (line["level"], line["key"], line["days"]) == ("warning", "soon", 6)
    running.await_log('"event": "ready"')
    with running.client() as client:  # it is a key, which signs on, with whatever certificate
        assert client.sign(SignItem(key="soon", message=b"m")).signature
