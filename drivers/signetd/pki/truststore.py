"""The certificates that are trusted because somebody put them where they are."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from signetd.pki import names
from signetd.pki.certificate import Certificate
from signetd.pki.errors import InputError

MAX_FILES: Final = 1024
MAX_CERTIFICATES: Final = 4096
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
SUFFIXES: Final = frozenset({".pem", ".crt", ".cer", ".der"})


class TrustStore:
    """Trust anchors under a name, which reports use; it does not change.

    A certificate in it is trusted whoever has signed it: roots, and intermediate CAs as well.
    """

    def __init__(self, name: str, certificates: Iterable[Certificate]) -> None:
        self.name = name
        self.certificates = tuple(dict.fromkeys(certificates))
        if not self.certificates:
            raise InputError(f"trust store {name}", "it has no certificate; put the CAs' there")
        if len(self.certificates) > MAX_CERTIFICATES:
            raise InputError(f"trust store {name}", f"it has more than {MAX_CERTIFICATES}")
        self._known = frozenset(self.certificates)
        self._named: dict[names.Key, list[Certificate]] = {}
        for each in self.certificates:
            self._named.setdefault(each.subject_key, []).append(each)

    @classmethod
    def read(cls, folder: Path, name: str = "") -> "TrustStore":
        """Read the files of *folder* that end in SUFFIXES: certificates in PEM, or one in DER.

        Other files, and folders in it, are left alone. Raises InputError naming the file that
        cannot be read: a trust store counts as a whole.
        """
        try:
            paths = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES)
        except OSError as error:
            raise InputError(str(folder), f"the folder cannot be read ({error.strerror})") from None
        if len(paths) > MAX_FILES:
            raise InputError(str(folder), f"it has more than {MAX_FILES} files of certificates")
        found = [each for path in paths if not path.is_dir() for each in _read(path)]
        return cls(name or str(folder), found)

    def named(self, subject: names.Key) -> list[Certificate]:
        """Return the anchors with that name."""
        return self._named.get(subject, [])

    def __contains__(self, certificate: Certificate) -> bool:
        return certificate in self._known


def _read(path: Path) -> list[Certificate]:
    try:
        with open(path, "rb", opener=_without_waiting) as file:  # Path has no opener
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(str(path), "it is not a file")
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(str(path), f"it cannot be read ({error.strerror})") from None
    if len(content) > MAX_FILE_BYTES:
        raise InputError(str(path), f"it has more than {MAX_FILE_BYTES} bytes")
    return Certificate.read_all(content, str(path))


def _without_waiting(path: str, flags: int) -> int:
    """Open also a pipe at once, so that it can be refused."""
    return os.open(path, flags | os.O_NONBLOCK)
