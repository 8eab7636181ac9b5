"""The openssl command: the only program that makes keys, digests and signatures here."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIGNER_ID: Final = "1234567812345678"
"""The ID that everybody signs with who has agreed on no other (GB/T 35276, GM/T 0009)."""


def run(*arguments: str, data: bytes | None = None, folder: Path | None = None) -> bytes:
    """Return what openssl prints. Raises RuntimeError with what it complains of."""
    done = subprocess.run(
        ["openssl", *arguments], input=data, capture_output=True, timeout=60, cwd=folder
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace")
        raise RuntimeError(
            f"openssl {arguments[0]} failed, see below; it must be 3.0 or later\n{said}"
        )
    return done.stdout


def sm3(data: bytes) -> bytes:
    return run("dgst", "-sm3", "-binary", data=data)


@dataclass(frozen=True)
class Key:
    """A private key in a file of the folder that the generator works in, and is deleted."""

    path: Path

    @classmethod
    def sm2(cls, path: Path) -> "Key":
        run("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", str(path))
        return cls(path)

    @classmethod
    def rsa(cls, path: Path) -> "Key":
        run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path))
        return cls(path)

    def sign(self, message: bytes, signer_id: str = SIGNER_ID) -> bytes:
        """Return an SM2 signature in DER over SM3(Z ‖ message)."""
        name = f"distid:{signer_id}"
        return self._sign(message, "-rawin", "-digest", "sm3", "-pkeyopt", name)

    def sign_digest(self, e: bytes) -> bytes:
        """Return an SM2 signature over *e* as it is."""
        return self._sign(e)

    def _sign(self, data: bytes, *options: str) -> bytes:
        # -rawin reads a file only.
        with tempfile.NamedTemporaryFile(dir=self.path.parent) as file:
            file.write(data)
            file.flush()
            return run("pkeyutl", "-sign", "-inkey", str(self.path), "-in", file.name, *options)
