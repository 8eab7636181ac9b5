"""Certificates and lists of revoked ones, made by ``openssl ca``, with days of our choice."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from tests.vectors.seals.generator import der, times
from tests.vectors.seals.generator.openssl import SIGNER_ID, Key, run

SM2_SM3: Final = "1.2.156.10197.1.501"
_ID: Final = ("-sigopt", f"distid:{SIGNER_ID}")
_CONFIG: Final = """
[ca]
default_ca = own
[own]
database = index.txt
serial = serial
crlnumber = number
unique_subject = no
email_in_dn = yes
policy = anything
string_mask = utf8only
[anything]
countryName = optional
organizationName = optional
commonName = supplied
emailAddress = optional
[req]
distinguished_name = nothing
string_mask = utf8only
[nothing]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[signer]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature, nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tax]
keyUsage = digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, keyAgreement
authorityKeyIdentifier = keyid
[encryption]
basicConstraints = CA:FALSE
keyUsage = critical, keyEncipherment, dataEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamper]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Holder:
    """A certificate in DER, and the key that belongs to it."""

    certificate: bytes
    key: Key


@dataclass
class Authority:
    """A CA; its database lists what it has issued, for its list of revoked certificates."""

    folder: Path
    name: str
    holder: Holder
    serial: int
    options: tuple[str, ...] = _ID
    digest: str = "sm3"
    _lines: list[str] = field(default_factory=list)

    @classmethod
    def root(cls, folder: Path, name: str, serial: int, *, rsa: bool = False) -> "Authority":
        """Make a CA that has signed its own certificate."""
        folder.mkdir()
        (folder / "config").write_text(_CONFIG)
        key = Key.rsa(folder / "key") if rsa else Key.sm2(folder / "key")
        options = () if rsa else _ID
        made = cls(folder, name, Holder(b"", key), serial, options, "sha256" if rsa else "sm3")
        own = ("-selfsign", "-keyfile", "key")
        made.holder = Holder(made._issue(name, "authority", key, own, made.options), key)
        return made

    def below(self, folder: Path, name: str) -> "Authority":
        """Make a CA whose certificate this one has signed."""
        folder.mkdir()
        (folder / "config").write_text(_CONFIG)
        holder = self.issue(name, "authority", Key.sm2(folder / "key"))
        return Authority(folder, name, holder, self.serial + 100)

    def issue(
        self,
        name: str,
        profile: str,
        key: Key,
        *,
        start: datetime = times.ISSUED,
        end: datetime = times.END,
        revoked: datetime | None = None,
        email: str = "",
    ) -> Holder:
        """Issue a certificate; with *revoked* the next list says that it was revoked then."""
        (self.folder / "ca.pem").write_bytes(pem(self.holder.certificate))
        by = ("-cert", "ca.pem", "-keyfile", "key")
        request_options = self.options if self.digest == "sm3" else ()
        given = self._issue(name, profile, key, by, request_options, start, end, email)
        if revoked:
            self._revoke(revoked)
        return Holder(given, key)

    def _issue(
        self,
        name: str,
        profile: str,
        key: Key,
        by: tuple[str, ...],
        key_options: tuple[str, ...],
        start: datetime = times.LONG_AGO,
        end: datetime = times.END,
        email: str = "",
    ) -> bytes:
        self.serial += 1
        subject = f"/C=CN/O=示例/CN={name}" + (f"/emailAddress={email}" if email else "")
        asked = ("-config", "config", "-key", str(key.path), "-utf8", "-subj", subject)
        (self.folder / "serial").write_text(f"{self.serial:04X}\n")
        (self.folder / "index.txt").write_text("")
        md = ("-md", self.digest)
        run(
            "req",
            "-new",
            f"-{self.digest}",
            *key_options,
            *asked,
            "-out",
            "csr",
            folder=self.folder,
        )
        verified = ("-vfyopt", _ID[1]) if key_options else ()
        days = ("-startdate", _short(start), "-enddate", _short(end))
        to = ("-extensions", profile, *days, "-notext", "-batch", "-out", "made", "-outdir", ".")
        run(
            "ca",
            "-config",
            "config",
            "-in",
            "csr",
            *by,
            *md,
            *self.options,
            *verified,
            *to,
            "-utf8",
            folder=self.folder,
        )
        made = run("x509", "-in", "made", "-outform", "DER", folder=self.folder)
        self._lines.append(f"V\t{_short(end)}\t\t{self.serial:04X}\tunknown\t/CN={self.serial}\n")
        return made

    def _revoke(self, when: datetime) -> None:
        kept = self._lines[-1].split("\t")
        kept[0], kept[2] = "R", f"{_short(when)},superseded"
        self._lines[-1] = "\t".join(kept)

    def revocation_list(self) -> bytes:
        """Return the list of revoked certificates in DER."""
        (self.folder / "index.txt").write_text("".join(self._lines))
        (self.folder / "number").write_text("01\n")
        (self.folder / "ca.pem").write_bytes(pem(self.holder.certificate))
        by = ("-cert", "ca.pem", "-keyfile", "key", "-md", self.digest, *self.options)
        days = ("-crl_lastupdate", _short(times.LISTED), "-crl_nextupdate", _short(times.END))
        run("ca", "-gencrl", "-config", "config", *by, *days, "-out", "list", folder=self.folder)
        return run("crl", "-in", "list", "-outform", "DER", folder=self.folder)

    def signed_anew(self, certificate: bytes, old: bytes, new: bytes) -> bytes:
        """Return *certificate* with *old* replaced by *new*, as long, in what is signed."""
        tbs = der.parts(certificate)[0]
        changed = tbs.replace(old, new)
        if len(old) != len(new) or changed == tbs:
            raise ValueError(
                f"{old!r} is not in the certificate, or its replacement is not as long"
            )
        return self._sealed(changed, der.parts(certificate)[1])

    def with_null(self, certificate: bytes) -> bytes:
        """Return *certificate* with NULL as the parameters of its signature algorithm."""
        fields = der.parts(der.parts(certificate)[0])
        fields[2] = der.sequence(der.oid(SM2_SM3), der.null())
        return self._sealed(der.sequence(*fields), fields[2])

    def _sealed(self, tbs: bytes, algorithm: bytes) -> bytes:
        return der.sequence(tbs, algorithm, der.bits(self.holder.key.sign(tbs)))


def pem(certificate: bytes) -> bytes:
    return run("x509", "-inform", "DER", data=certificate)


def _short(moment: datetime) -> str:
    return moment.strftime("%y%m%d%H%M%SZ")
