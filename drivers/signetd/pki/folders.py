"""Folders of certificates and revocation lists, read as a whole and within bounds."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from signetd.pki.certificate import Certificate
from signetd.pki.crl import RevocationList
from signetd.pki.errors import InputError

MAX_FILES: Final = 1024
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
CERTIFICATES: Final = frozenset({".pem", ".crt", ".cer", ".der"})
"""How the names of files with certificates end: in PEM any number of them, in DER one."""
LISTS: Final = frozenset({".crl"})
"""How the names of files with a revocation list end, in DER or PEM."""


def certificates(folder: Path) -> list[Certificate]:
    """Read the certificates of *folder*; raises InputError naming the file that cannot be read."""
    return [
        each
        for path, data in _contents(folder, CERTIFICATES)
        for each in Certificate.read_all(data, str(path))
    ]


def revocation_lists(folder: Path) -> list[RevocationList]:
    """Read the revocation lists of *folder*; raises InputError as `certificates` does."""
    return [RevocationList.read(data, str(path)) for path, data in _contents(folder, LISTS)]


def _contents(folder: Path, suffixes: frozenset[str]) -> Iterator[tuple[Path, bytes]]:
    """Read the files whose names end so; other files, and folders in it, are left alone."""
    try:
        paths = sorted(each for each in folder.iterdir() if each.suffix.lower() in suffixes)
    except OSError as error:
        raise InputError(str(folder), f"the folder cannot be read ({error.strerror})") from None
    if len(paths) > MAX_FILES:
        raise InputError(str(folder), f"it has more than {MAX_FILES} files of this kind")
    for path in paths:
        if not path.is_dir():
            yield path, _read(path)


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_without_waiting) as file:  # Path has no opener
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(str(path), "it is not a file")
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"it cannot be read ({error.strerror})") from None
    if len(content) > MAX_FILE_BYTES:
        raise InputError(str(path), f"it has more than {MAX_FILE_BYTES} bytes")
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Open also a pipe at once, so that it can be refused."""
    return os.open(path, flags | os.O_NONBLOCK)
