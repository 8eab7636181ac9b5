"""The folder and the files of the state: their owner, their mode, and that one daemon uses them."""

import fcntl
import os
import shlex
import stat
from pathlib import Path

from signetd.daemon.state.errors import StateError

_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


def prepare_folder(folder: Path) -> None:
    """Make the folder with mode 0700; raises StateError if other users can write to it.

    The mode of a folder that exists is left as it is: it may be one that others need.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as error:
        raise StateError(f"The state folder {folder} cannot be made: {error.strerror}.") from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StateError(
            f"The state folder {folder} can be changed by other users: run "
            f"chmod 700 {shlex.quote(str(folder))}, or choose a folder of its own."
        )


def prepare_file(file: Path) -> None:
    """Make the file with mode 0600, or give it that mode; raises StateError.

    SQLite gives its journal files the mode of the database.
    """
    os.close(_open(file))


def lock(file: Path) -> int:
    """Take the lock of the state until the returned descriptor is closed; raises StateError."""
    descriptor = _open(file)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StateError(
            f"The state folder {file.parent} is used by another signetd. Stop that one, or give "
            "this one a folder of its own."
        ) from error
    return descriptor


def _open(file: Path) -> int:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _FILE_MODE)
    except OSError as error:
        raise StateError(f"{file} cannot be opened: {error.strerror}.") from error
    try:
        os.fchmod(descriptor, _FILE_MODE)
    except OSError as error:
        os.close(descriptor)
        raise StateError(
            f"{file} cannot be given the mode 0600: {error.strerror}. It must belong to the user "
            "who runs signetd."
        ) from error
    return descriptor
