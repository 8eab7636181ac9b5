"""SM2 certificates, a list and a response that the openssl command has made."""

import datetime
import subprocess
from pathlib import Path

import pytest

from signetd.pki import Name, Revocation, Status, TrustStore, validate
from tests.unit.pki import judges

DISTID = "distid:1234567812345678"
SIGN = ["-sm3", "-sigopt", DISTID]
CONFIG = """
[ca]
default_ca = own
[own]
database = index.txt
crlnumber = number
default_md = sm3
default_crl_days = 30
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signer]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
extendedKeyUsage = emailProtection
[responder]
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
"""


class Folder:
    """A folder with a CA of openssl in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config").write_text(CONFIG)
        (folder / "number").write_text("01\n")

    def run(self, *arguments: str) -> None:
        done = subprocess.run(
            ["openssl", *arguments], cwd=self.folder, capture_output=True, timeout=60
        )
        assert done.returncode == 0, done.stderr.decode()

    def certificate(self, name: str, issuer: str, section: str) -> None:
        key, request = f"{name}.key", f"{name}.csr"
        self.run("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", key)
        more = ["-config", "config", "-key", key, "-subj", f"/C=CN/O=示例/CN={name}", "-utf8"]
        if issuer == name:
            self.run("req", "-new", "-x509", *SIGN, *more, "-extensions", section, "-out", name)
            return
        self.run("req", "-new", *SIGN, *more, "-out", request)
        by = ["-CA", issuer, "-CAkey", f"{issuer}.key", "-CAcreateserial", "-vfyopt", DISTID]
        to = ["-extfile", "config", "-extensions", section, "-days", "100", "-out", name]
        self.run("x509", "-req", "-in", request, *SIGN, *by, *to)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def serial(self, name: str) -> str:
        done = subprocess.run(
            ["openssl", "x509", "-in", name, "-noout", "-serial"],
            cwd=self.folder, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode().strip().removeprefix("serial=")

    def revoke(self, *names: str) -> None:
        lines = {
            each: f"V\t361231000000Z\t\t{self.serial(each)}\tunknown\t/CN={each}\n"
            for each in ("leaf", "ca")
        }
        for each in names:
            why = "260101000000Z,superseded"
            lines[each] = f"R\t361231000000Z\t{why}\t{self.serial(each)}\tunknown\t/CN={each}\n"
        (self.folder / "index.txt").write_text("".join(lines.values()))

    def revocation_list(self, name: str) -> bytes:
        by = ["-keyfile", f"{name}.key", "-cert", name, "-sigopt", DISTID, "-out", "list"]
        self.run("ca", "-gencrl", "-config", "config", *by)
        return self.read("list")

    def response(self, signer: str) -> bytes:
        self.run("ocsp", "-issuer", "ca", "-cert", "leaf", "-reqout", "request")
        by = ["-rsigner", signer, "-rkey", f"{signer}.key", "-rsigopt", DISTID, "-rmd", "sm3"]
        about = ["-index", "index.txt", "-CA", "ca", "-reqin", "request", "-respout", "response"]
        self.run("ocsp", *about, *by, "-ndays", "1", "-noverify")
        return self.read("response")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("openssl"))
    folder.certificate("root", "root", "authority")
    folder.certificate("ca", "root", "authority")
    folder.certificate("leaf", "ca", "signer")
    folder.certificate("responder", "ca", "responder")
    return folder


def judged(made: Folder, lists: list[bytes], responses: list[bytes]) -> list[tuple[Name, Status]]:
    now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=1)
    policy = judges.policy(at=now, revocation=Revocation.REQUIRED)
    (made.folder / "store").mkdir(exist_ok=True)
    (made.folder / "store" / "root.pem").write_bytes(made.read("root"))
    store = TrustStore.read(made.folder / "store", "openssl")
    report = validate(made.read("leaf"), policy, store, [made.read("ca")], lists, responses)
    for each in report.failures:
        assert each.name is Name.REVOCATION, f"{each.name} of {each.subject}: {each.reason}"
    return [(Name.REVOCATION, report.of(Name.REVOCATION, i).status) for i in (0, 1)]


def test_lists_of_openssl(made: Folder) -> None:
    made.revoke()
    lists = [made.revocation_list("root"), made.revocation_list("ca")]
    assert {status for _, status in judged(made, lists, [])} == {Status.PASSED}
    made.revoke("leaf")
    lists = [lists[0], made.revocation_list("ca")]
    assert [status for _, status in judged(made, lists, [])] == [Status.FAILED, Status.PASSED]


@pytest.mark.parametrize("signer", ["ca", "responder"])
def test_responses_of_openssl(made: Folder, signer: str) -> None:
    made.revoke()
    lists = [made.revocation_list("root")]
    good = made.response(signer)
    assert {status for _, status in judged(made, lists, [good])} == {Status.PASSED}
    made.revoke("leaf")
    bad = made.response(signer)
    assert judged(made, lists, [bad])[0] == (Name.REVOCATION, Status.FAILED)
