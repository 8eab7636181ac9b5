"""A daemon on SoftHSM with keys of three kinds, and what others say of their signatures."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from tests.integration.daemon.running import Running

KEYS = {"sm2": "SM2", "rsa": "RSA_2048", "p256": "EC_P256"}


class Judge:
    """Verifies with the public keys, by openssl (SM2) and cryptography."""

    def __init__(self, folder: Path, keys: dict[str, str]) -> None:
        self._folder = folder
        self._files = {name: folder / f"{name}.pem" for name in keys}
        for name, pem in keys.items():
            self._files[name].write_text(pem)

    def check(self, key: str, message: bytes, signature: bytes) -> None:
        """Raises InvalidSignature, or fails."""
        if key == "sm2":
            file = self._folder / "message"
            file.write_bytes(message)
            self.check_file(key, file, signature)
            return
        public = serialization.load_pem_public_key(self._files[key].read_bytes())
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(hashes.SHA256()))
        else:
            assert isinstance(public, ed25519.Ed25519PublicKey)
            public.verify(signature, message)

    def check_file(self, key: str, file: Path, signature: bytes) -> None:
        """By openssl, whatever the key."""
        made = self._folder / "signature"
        made.write_bytes(signature)
        digest = {"sm2": ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]}
        options = digest.get(key, ["-digest", "sha256"])
        pem = str(self._files[key])
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin"]
        files = ["-in", str(file), "-sigfile", str(made)]
        done = subprocess.run([*command, *options, *files], capture_output=True, timeout=60)
        assert b"Verified Successfully" in done.stdout, done.stderr


@pytest.fixture
def running() -> Iterator[Running]:
    with TemporaryDirectory(prefix="signetd-") as name:
        daemon = Running(Path(name))
        daemon.start()
        with daemon.client() as client:
            for key, kind in KEYS.items():
                client.generate_key(key, token="t", key_type=kind)
        try:
            yield daemon
        finally:
            daemon.kill()


@pytest.fixture
def judge(running: Running, tmp_path: Path) -> Judge:
    with running.client() as client:
        return Judge(tmp_path, {name: client.get_public_key(name).pem for name in KEYS})
