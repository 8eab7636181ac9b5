"""A folder of throw-away tokens: SoftHSM's configuration and store, and tokens made in it."""

import fcntl
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signetd.softhsm.errors import SoftHsmError
from signetd.softhsm.install import SoftHsm, ensure_softhsm

_SECONDS = 60
_MAX_LABEL = 32  # bytes of the label in CK_TOKEN_INFO


def random_pin() -> str:
    """Return a fresh PIN of 16 characters, 64 bits of chance."""
    return secrets.token_hex(8)


def write_private(path: Path, text: str) -> None:
    """Write a file, mode 0600, as a whole."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    Path(temporary).replace(path)


class TokenStore:
    """A folder, mode 0700, with SoftHSM's configuration and tokens.

    The process that makes a store never loads SoftHSM: tokens are made in a process of their own.
    """

    def __init__(self, folder: Path, softhsm: SoftHsm | None = None) -> None:
        """Make the store in *folder* if it is not there. Raises SoftHsmError."""
        self.folder = folder.resolve()
        self.softhsm = softhsm or ensure_softhsm()
        self.tokens = self.folder / "tokens"
        self.configuration = self.folder / "softhsm2.conf"
        if "\n" in str(self.folder):
            raise SoftHsmError("folder: SoftHSM's configuration cannot hold a line break")
        for path in (self.folder, self.tokens):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.folder.stat().st_mode & 0o022:
            raise SoftHsmError(
                f"folder: {self.folder} can be written by others; run  chmod go-w {self.folder}  "
                "or give another folder"
            )
        write_private(self.configuration, self._settings())

    def _settings(self) -> str:
        return (
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n"
            "log.level = ERROR\nslots.removable = false\n"
        )

    def environment(self) -> dict[str, str]:
        """Return what a process that loads SoftHSM needs to see this store."""
        return {**self.softhsm.environment, "SOFTHSM2_CONF": str(self.configuration)}

    def init_token(self, label: str, so_pin: str, user_pin: str) -> str:
        """Make a token, or complete one of this label that was begun; return its serial number.

        Every other process should have the store's tokens closed or open them later: SoftHSM
        reads the list of tokens once. Raises SoftHsmError.
        """
        if not 0 < len(label.encode()) <= _MAX_LABEL or "\n" in label or label != label.strip():
            raise SoftHsmError(
                f"label: a token's label has 1 to {_MAX_LABEL} bytes in one line, without blanks "
                "around it"
            )
        with self.lock():
            return self._run_child((label, so_pin, user_pin))

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from making tokens: SoftHSM overlooks one that is being made."""
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _run_child(self, lines: tuple[str, ...]) -> str:
        module = str(self.softhsm.module)
        command = [sys.executable, "-P", "-m", "signetd.softhsm._init_token", module]
        try:
            done = subprocess.run(  # noqa: S603  # our own interpreter and module
                command,
                input="\n".join(lines) + "\n",
                env={**os.environ, **self.environment()},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # Not chained: that exception holds the input, and so the PINs.
            raise SoftHsmError(f"SoftHSM made no token in {_SECONDS} seconds") from None
        if done.returncode:
            raise SoftHsmError(f"SoftHSM made no token: {done.stderr.strip()[-500:]}")
        return done.stdout.strip()
