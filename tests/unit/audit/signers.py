"""Keys that sign the audit in tests, in software; SM2 by the openssl command."""

import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signetd.daemon.audit.signer import AuditKey
from signetd.drivers.errors import SignetError
from signetd.gm import sm2


class SoftSigner:
    """Signs with a key of its own; `failure` is raised while it is set, and `off` means no key."""

    def __init__(self, algorithm: str = "ED25519", folder: Path = Path()) -> None:
        self.failure: SignetError | None = None
        self.off = False
        self.asked: list[bytes] = []
        self._folder = folder
        self.rotate(algorithm)

    def rotate(self, algorithm: str) -> None:
        """Take another key."""
        self._algorithm = algorithm
        if algorithm == "SM2_SM3":
            self._spki = _sm2(self._folder)
        else:
            self._private: Any = _private(algorithm)
            public = self._private.public_key()
            self._spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def spki(self) -> bytes:
        return self._spki

    def key(self) -> AuditKey | None:
        if self.off:
            return None
        return AuditKey(name="keys/audit", algorithm=self._algorithm, spki=self._spki)

    async def sign(self, key: AuditKey, data: bytes) -> bytes:
        if self.failure is not None:
            raise self.failure
        self.asked.append(data)
        if self._algorithm == "SM2_SM3":
            return _openssl(self._folder, data, self._spki)
        signature: bytes = self._private.sign(data, *_how(self._algorithm))
        return signature


def _private(algorithm: str) -> Any:
    match algorithm:
        case "ED25519":
            return ed25519.Ed25519PrivateKey.generate()
        case "ECDSA_P256_SHA256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ECDSA_P521_SHA512":
            return ec.generate_private_key(ec.SECP521R1())
    return rsa.generate_private_key(65537, 2048)


def _how(algorithm: str) -> tuple[Any, ...]:
    sha: hashes.HashAlgorithm = hashes.SHA512() if "512" in algorithm else hashes.SHA256()
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(sha),)
    if "PSS" in algorithm:
        return padding.PSS(padding.MGF1(sha), sha.digest_size), sha
    return (padding.PKCS1v15(), sha) if algorithm.startswith("RSA") else ()


def _sm2(folder: Path) -> bytes:
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "SM2", "-out", "sm2.key"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        ["openssl", "pkey", "-in", "sm2.key", "-pubout", "-outform", "DER"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return done.stdout[-91:]


def _openssl(folder: Path, data: bytes, spki: bytes) -> bytes:
    (folder / "data").write_bytes(sm2.message_digest(sm2.Sm2PublicKey.from_spki(spki), data))
    done = subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-inkey", "sm2.key", "-in", "data"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return done.stdout
