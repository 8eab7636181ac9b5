"""A small SM2 certificate authority of the openssl command, for the seals of one instance.

A root and an intermediate, as in earnest; its keys are files, and it is as much a toy as the
instance is.
"""

import os
import secrets
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from signetd.daemon.errors import StartError

TRUST: Final = Path("ca", "trust")
"""The root, and below it the folders ``intermediates`` and ``crls``: what those who verify need."""

_ID: Final = "distid:1234567812345678"
_SECONDS: Final = 30
_YEARS: Final = {"root": 20, "authority": 10, "leaf": 3}
_CONFIGURATION: Final = """\
# The CA of a throw-away instance. To have a request signed:
#   openssl ca -config ca.cnf -in NAME.csr -out NAME.pem -batch -notext -preserveDN \\
#       -vfyopt distid:1234567812345678 -sigopt distid:1234567812345678

[ca]
default_ca = here

[here]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}/issued
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sm3
default_days = 1095
default_crl_days = 365
policy = any
unique_subject = no
x509_extensions = leaf

[any]
commonName = supplied
organizationName = optional
organizationalUnitName = optional
countryName = optional

[req]
distinguished_name = none
string_mask = utf8only

[none]

[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature, nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid

[authority]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid

[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


class Authority:
    """The authority of the instance in *folder*; its methods block, and raise StartError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "ca"
        self._trust = folder / TRUST

    @property
    def chain(self) -> bytes:
        """The intermediate's certificate in PEM, which belongs behind each that it issues."""
        return (self._folder / "ca.pem").read_bytes()

    def ensure(self) -> None:
        """Make what is missing, and its revocation lists anew, so that they are current."""
        if not (self._trust / "root.pem").exists():
            self._make()
        for name in ("root", "ca"):
            self._revocation_list(name)

    def issue(self, request: bytes, *, section: str = "leaf", by: str = "ca") -> bytes:
        """Issue a certificate for a request, both in PEM. It is valid since yesterday."""
        file, out = self._folder / "request.pem", self._folder / "issued.pem"
        file.write_bytes(request)
        now = datetime.now(UTC)
        end = now + timedelta(days=365 * _YEARS[section])
        self._run(
            "ca", *self._own(by), "-batch", "-notext", "-utf8", "-preserveDN",
            "-extensions", section, "-in", str(file), "-out", str(out),
            "-vfyopt", _ID, "-sigopt", _ID,
            "-startdate", _written(now - timedelta(days=1)), "-enddate", _written(end),
        )  # fmt: skip
        return out.read_bytes()

    def _make(self) -> None:
        for folder in (self._folder, self._folder / "issued", self._trust):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("intermediates", "crls"):
            (self._trust / name).mkdir(exist_ok=True)
        (self._folder / "ca.cnf").write_text(_CONFIGURATION.format(folder=self._folder))
        (self._folder / "index.txt").write_text("")
        (self._folder / "serial").write_text(f"{secrets.token_hex(8)}\n")
        self._root()
        intermediate = self.issue(self._request("ca"), section="authority", by="root")
        (self._folder / "ca.pem").write_bytes(intermediate)
        (self._trust / "intermediates" / "ca.pem").write_bytes(intermediate)
        # Last: where it is, all is.
        (self._trust / "root.pem").write_bytes((self._folder / "root.pem").read_bytes())

    def _root(self) -> None:
        (self._folder / "root.csr").write_bytes(self._request("root"))
        self._run(
            "x509", "-req", "-in", str(self._folder / "root.csr"), "-sm3",
            "-days", str(365 * _YEARS["root"]), "-signkey", str(self._folder / "root.key"),
            "-extfile", str(self._folder / "ca.cnf"), "-extensions", "root",
            "-out", str(self._folder / "root.pem"), "-vfyopt", _ID, "-sigopt", _ID,
        )  # fmt: skip

    def _request(self, name: str) -> bytes:
        key = self._folder / f"{name}.key"
        self._run(
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", str(key)
        )
        subject = f"/C=CN/O=signetd dev/CN=signetd dev seals {name}"
        return self._run(
            "req", "-new", "-config", str(self._folder / "ca.cnf"), "-key", str(key), "-sm3",
            "-subj", subject, "-sigopt", _ID,
        )  # fmt: skip

    def _revocation_list(self, name: str) -> None:
        made = self._folder / f"{name}.crl"
        self._run("ca", *self._own(name), "-gencrl", "-out", str(made), "-sigopt", _ID)
        made.replace(self._trust / "crls" / made.name)

    def _own(self, name: str) -> tuple[str, ...]:
        certificate, key = (str(self._folder / f"{name}.{end}") for end in ("pem", "key"))
        return "-config", str(self._folder / "ca.cnf"), "-cert", certificate, "-keyfile", key

    def _run(self, *arguments: str) -> bytes:
        command = ["openssl", *arguments]
        try:
            done = subprocess.run(  # noqa: S603  # the commands of this file
                command, capture_output=True, timeout=_SECONDS, check=False, umask=0o077
            )
        except FileNotFoundError:
            raise StartError("there is no openssl command; install openssl.") from None
        except subprocess.TimeoutExpired:
            raise StartError(f"openssl {arguments[0]} took more than {_SECONDS} seconds.") from None
        if done.returncode:
            said = os.fsdecode(done.stderr).strip()[-500:]
            raise StartError(f"openssl {arguments[0]} failed: {said}. It takes OpenSSL 3 with SM2.")
        return done.stdout


def _written(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%SZ")
