"""Key pairs of every kind, and signatures with them."""

import functools
import hashlib
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

ID: Final = b"1234567812345678"
KINDS: Final = ("sm2", "rsa", "ec", "ed25519")
CURVES: Final = {"ec": ec.SECP256R1(), "p384": ec.SECP384R1(), "secp256k1": ec.SECP256K1()}
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
