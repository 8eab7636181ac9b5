"""Certificates, lists and responses of every kind, also of those that are wrong.

Written byte by byte, because the usual libraries refuse to make what is to be refused.
"""

import base64
import datetime
import functools
import hashlib
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW: Final = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
DAY: Final = datetime.timedelta(days=1)
ID: Final = b"1234567812345678"
KINDS: Final = ("sm2", "rsa", "ec", "ed25519")
CURVES: Final = {"ec": ec.SECP256R1(), "p384": ec.SECP384R1(), "secp256k1": ec.SECP256K1()}
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
EMAIL, OCSP_SIGNING = ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.OCSP_SIGNING
_HASHES: Final = {
    "md5": hashes.MD5(),  # noqa: S303  # to be refused
    "sha1": hashes.SHA1(),  # noqa: S303
    "sha256": hashes.SHA256(),
}
_ALGORITHMS: Final = {
    ("sm2", "sm3"): "300a06082a811ccf55018375",
    ("rsa", "md5"): "300d06092a864886f70d0101040500",
    ("rsa", "sha1"): "300d06092a864886f70d0101050500",
    ("rsa", "sha256"): "300d06092a864886f70d01010b0500",
    ("ec", "sha1"): "300906072a8648ce3d0401",
    ("ec", "sha256"): "300a06082a8648ce3d040302",
    ("ed25519", ""): "300506032b6570",
}
_OWN_HASH: Final = {"sm2": "sm3", "ed25519": ""}
_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

Extension = tuple[str, bool, bytes]
"""Identifier, critical, value."""


@dataclass(frozen=True)
class Key:
    """A key pair; *pem* is the private key."""

    kind: str
    pem: bytes
    spki: bytes

    @property
    def family(self) -> str:
        """Which algorithms it signs with."""
        if self.kind in CURVES:
            return "ec"
        return "rsa" if self.kind.startswith("rsa") else self.kind

    @property
    def bits(self) -> bytes:
        """The public key without its algorithm."""
        if self.family == "rsa":
            public = serialization.load_der_public_key(self.spki)
            return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        return self.spki[-32:] if self.kind == "ed25519" else self.spki[-65:]

    @property
    def identifier(self) -> bytes:
        return hashlib.sha1(self.bits, usedforsecurity=False).digest()


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    body = base64.encodebytes(der)
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label.encode(), body, label.encode())


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(number: int) -> bytes:
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, signed=True))


def utc(moment: datetime.datetime) -> bytes:
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def generalized(moment: datetime.datetime) -> bytes:
    return tlv(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def bit_string(content: bytes) -> bytes:
    return tlv(3, b"\x00", content)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(each) for each in dotted.split("."))
    octets = b""
    for number in (40 * first + second, *rest):
        low = bytes([number & 0x7F])
        while number := number >> 7:
            low = bytes([0x80 | number & 0x7F]) + low
        octets += low
    return tlv(6, octets)


def name(common_name: str) -> bytes:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]).public_bytes()


@functools.cache
def key(kind: str, label: str) -> Key:
    """Return a key pair; the same one for the same label within a process."""
    if kind == "sm2":
        return _sm2_key()
    private = _private(kind)
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    spki = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Key(kind, private_pem, spki)


def _private(
    kind: str,
) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind])
    return rsa.generate_private_key(65537, int(kind.removeprefix("rsa") or 2048))


def openssl(*arguments: str, data: bytes | None = None) -> bytes:
    done = subprocess.run(["openssl", *arguments], input=data, capture_output=True, timeout=60)
    assert done.returncode == 0, f"openssl {arguments[0]} failed: {done.stderr.decode()}"
    return done.stdout


def _sm2_key() -> Key:
    private = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2")
    return Key("sm2", private, openssl("pkey", "-pubout", "-outform", "DER", data=private))


def algorithm(signer: Key, digest: str = "") -> bytes:
    """Return the AlgorithmIdentifier that a key signs with."""
    own = _OWN_HASH.get(signer.family, "sha256")
    return bytes.fromhex(_ALGORITHMS[signer.family, digest or own])


def sign(signer: Key, data: bytes, digest: str = "", signer_id: bytes = ID) -> bytes:
    if signer.kind == "sm2":
        return _sign_sm2(signer, data, signer_id)
    private = serialization.load_pem_private_key(signer.pem, None)
    used = _HASHES[digest or "sha256"]
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(data, padding.PKCS1v15(), used)
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(data, ec.ECDSA(used))
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    return private.sign(data)


def _sign_sm2(signer: Key, data: bytes, signer_id: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        private, message = Path(folder, "k"), Path(folder, "m")
        private.write_bytes(signer.pem)
        message.write_bytes(data)
        options = ["-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{signer_id.decode()}"]
        return openssl("pkeyutl", "-sign", "-inkey", str(private), "-in", str(message), *options)


def usage(*names: str, critical: bool = True) -> Extension:
    value = x509.KeyUsage(*(each in names for each in _USAGES))
    return "2.5.29.15", critical, value.public_bytes()


def basic(*, ca: bool, length: int | None = None, critical: bool = True) -> Extension:
    return "2.5.29.19", critical, x509.BasicConstraints(ca, length).public_bytes()


def purposes(*oids: x509.ObjectIdentifier) -> Extension:
    return "2.5.29.37", False, x509.ExtendedKeyUsage(oids).public_bytes()


def key_id(holder: Key) -> Extension:
    return "2.5.29.14", False, tlv(4, holder.identifier)


def authority_id(identifier: bytes) -> Extension:
    return "2.5.29.35", False, tlv(0x30, tlv(0x80, identifier))


def alt_name() -> Extension:
    names = x509.SubjectAlternativeName([x509.DNSName("signer.example")])
    return "2.5.29.17", False, names.public_bytes()


def extensions(given: Iterable[Extension]) -> bytes:
    return tlv(
        0x30,
        *(
            tlv(0x30, oid(each), tlv(1, b"\xff") if critical else b"", tlv(4, value))
            for each, critical, value in given
        ),
    )


def certificate(
    subject: bytes,
    holder: Key,
    issuer: bytes,
    signer: Key,
    given: Sequence[Extension],
    *,
    serial: int,
    life: tuple[datetime.datetime, datetime.datetime] = (NOW - 100 * DAY, NOW + 100 * DAY),
    digest: str = "",
    signer_id: bytes = ID,
    version: int = 3,
    inner: bytes = b"",
) -> bytes:
    """Return a certificate in DER."""
    outer = algorithm(signer, digest)
    tbs = tlv(
        0x30,
        tlv(0xA0, integer(version - 1)) if version > 1 else b"",
        integer(serial),
        inner or outer,
        issuer,
        tlv(0x30, utc(life[0]), utc(life[1])),
        subject,
        holder.spki,
        tlv(0xA3, extensions(given)) if given else b"",
    )
    return tlv(0x30, tbs, outer, bit_string(sign(signer, tbs, digest, signer_id)))
