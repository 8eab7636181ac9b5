"""A CA and an intermediate CA, run with the openssl command as an administrator would."""

import secrets
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

_ID: Final = "distid:1234567812345678"
_NEW_KEY: Final = {
    "sm2": ["EC", "-pkeyopt", "ec_paramgen_curve:SM2"],
    "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}
_CONFIG: Final = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = {digest}
policy = any
unique_subject = no
default_crl_days = 30
copy_extensions = none
[any]
commonName = supplied
organizationName = optional
countryName = optional
[req]
distinguished_name = nothing
[nothing]
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, {usage}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""


class OpensslCa:
    """A root and an intermediate that issue; *kind* is ``sm2``, ``rsa`` or ``p256``."""

    def __init__(self, folder: Path, kind: str, name: str = "CA") -> None:
        self.folder = folder
        self.kind = kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.txt").touch()
        (folder / "serial").write_text(f"{secrets.token_hex(8)}\n")
        self._configure()
        self._root(name)
        self._intermediate(name)

    @property
    def root(self) -> bytes:
        """The root's certificate in PEM."""
        return (self.folder / "root.pem").read_bytes()

    @property
    def intermediate(self) -> bytes:
        """The intermediate's certificate in PEM."""
        return (self.folder / "ca.pem").read_bytes()

    def issue(
        self,
        request: bytes,
        *,
        section: str = "leaf",
        usage: str = "digitalSignature, nonRepudiation",
        life: tuple[timedelta, timedelta] = (timedelta(days=-1), timedelta(days=365)),
        digest: str = "",
        by: str = "ca",
    ) -> bytes:
        """Issue a certificate (PEM) for a request in PEM, valid *life* around now."""
        self._configure(usage, digest)
        file, out = self.folder / "request.pem", self.folder / "issued.pem"
        file.write_bytes(request)
        start, end = (_time(datetime.now(UTC) + each) for each in life)
        self._run(
            "ca", "-config", str(self.folder / "ca.cnf"), "-batch", "-notext", "-utf8",
            "-preserveDN",
            "-cert", str(self.folder / f"{by}.pem"), "-keyfile", str(self.folder / f"{by}.key"),
            "-in", str(file), "-out", str(out), "-extensions", section,
            "-startdate", start, "-enddate", end, *self._options("-sigopt", "-vfyopt"),
        )  # fmt: skip
        return out.read_bytes()

    def revoke(self, certificate: bytes, reason: str = "") -> None:
        """Revoke what the intermediate has issued (PEM), for a reason as openssl names it."""
        file = self.folder / "revoked.pem"
        file.write_bytes(certificate)
        why = ("-crl_reason", reason) if reason else ()
        self._run("ca", *self._own("ca"), "-revoke", str(file), *why)

    def crl(self, by: str = "ca") -> bytes:
        """Return the list (PEM) of what the intermediate, or the root, has revoked."""
        out = self.folder / "list.pem"
        options = self._options("-sigopt")
        self._run("ca", *self._own(by), "-gencrl", "-out", str(out), *options)
        return out.read_bytes()

    def _own(self, name: str) -> tuple[str, ...]:
        certificate, key = (str(self.folder / f"{name}.{end}") for end in ("pem", "key"))
        return "-config", str(self.folder / "ca.cnf"), "-cert", certificate, "-keyfile", key

    def verify(self, certificate: bytes) -> None:
        """Have openssl verify a certificate, link by link.

        In one go it hands the signer ID of SM2 to the first link only.
        """
        for link, issuer in ((certificate, "ca.pem"), (self.intermediate, "root.pem")):
            file = self.folder / "link.pem"
            file.write_bytes(link)
            ca = str(self.folder / issuer)
            options = self._options("-vfyopt")
            self._run("verify", "-partial_chain", "-CAfile", ca, *options, str(file))

    def _configure(self, usage: str = "digitalSignature, nonRepudiation", digest: str = "") -> None:
        text = _CONFIG.format(folder=self.folder, digest=digest or self._digest, usage=usage)
        (self.folder / "ca.cnf").write_text(text)

    def _request(self, name: str, file: str) -> bytes:
        key, out = self.folder / f"{file}.key", self.folder / f"{file}.csr"
        self._run("genpkey", "-algorithm", *_NEW_KEY[self.kind], "-out", str(key))
        self._run(
            "req", "-new", "-config", str(self.folder / "ca.cnf"), "-key", str(key),
            "-subj", f"/C=CN/O=Test/CN={name}", "-out", str(out), f"-{self._digest}",
            *self._options("-sigopt"),
        )  # fmt: skip
        return out.read_bytes()

    def _root(self, name: str) -> None:
        self._request(f"{name} root", "root")
        self._run(
            "x509", "-req", "-in", str(self.folder / "root.csr"), "-days", "3650",
            "-signkey", str(self.folder / "root.key"), "-out", str(self.folder / "root.pem"),
            "-extfile", str(self.folder / "ca.cnf"), "-extensions", "root", f"-{self._digest}",
            *self._options("-sigopt", "-vfyopt"),
        )  # fmt: skip

    def _intermediate(self, name: str) -> None:
        issued = self.issue(
            self._request(f"{name} intermediate", "ca"), section="authority", by="root"
        )
        (self.folder / "ca.pem").write_bytes(issued)

    @property
    def _digest(self) -> str:
        return "sm3" if self.kind == "sm2" else "sha256"

    def _options(self, *names: str) -> list[str]:
        if self.kind != "sm2":
            return []
        return [part for name in names for part in (name, _ID)]

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(["openssl", *arguments], capture_output=True, timeout=60)
        assert done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr.decode()}"


def _time(moment: datetime) -> str:
    return moment.strftime("%y%m%d%H%M%SZ")
