"""A random secret in a file of its own: made once, the same ever after."""

import os
import secrets
from pathlib import Path

from signetd.daemon.state import files
from signetd.daemon.state.errors import StateError


def keep_secret(file: Path, size: int) -> bytes:
    """Return the *size* bytes in *file*, which is made with mode 0600 if it is missing.

    It is there whole or not at all, and survives a power cut. Raises StateError when it cannot
    be read or made, or has another size.
    """
    try:
        if not os.path.lexists(file):
            _make(file, secrets.token_bytes(size))
        files.prepare_file(file)
        found = file.read_bytes()
    except OSError as error:
        raise StateError(f"{file} cannot be read or made: {error.strerror}.") from error
    if len(found) != size:
        raise StateError(
            f"{file} has {len(found)} bytes; it must have {size}. Restore a backup. Or move it "
            "away: a new one is made then, and each token that has refused a PIN must be unlocked "
            "by an administrator."
        )
    return found


def _make(file: Path, content: bytes) -> None:
    """Write the file under another name first, so that a half-written one is never used."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(file)
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
