"""What seals and those who stamp are judged by: the folders of the configuration, read as a whole.

They are read again when a file in them is another one than before.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signetd.daemon.config.schema import Seals
from signetd.pki import Certificate, InputError, RevocationList, TrustStore

MAX_FILES: Final = 64
"""Files in a folder of certificates between, or of revocation lists."""
MAX_FILE_BYTES: Final = 16 << 20
_CERTIFICATES: Final = frozenset({".pem", ".crt", ".cer", ".der"})
_LISTS: Final = frozenset({".crl", ".pem", ".der"})
_LOOK_SECONDS: Final = 1.0
_Marks = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class Evidence:
    """Everything that is in the folders; ``version`` rises whenever it is read anew."""

    version: int
    makers: TrustStore | None
    signers: TrustStore | None
    time_authorities: TrustStore | None
    others: tuple[Certificate, ...]
    lists: tuple[RevocationList, ...]


class EvidenceFolders:
    """Reads the folders of [seals], and that of the time-stamping authorities; for any thread.

    Whether a file has changed is looked at once in *look_seconds*, of the monotonic clock.
    """

    def __init__(
        self,
        config: Seals,
        time_authorities: Path | None = None,
        *,
        look_seconds: float = _LOOK_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._time_authorities = time_authorities
        self._look_seconds = look_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._marks: _Marks | None = None
        self._found: Evidence | None = None
        self._version = 0

    def read(self) -> Evidence:
        """Return what is there now; raises signetd.pki.InputError naming the folder or file."""
        with self._lock:
            now = self._monotonic()
            if self._found is not None and now - self._looked < self._look_seconds:
                return self._found
            marks = tuple(_marks(self._folders()))
            if self._found is None or marks != self._marks:
                self._found = None  # what was read before does not count if this cannot be read
                self._found = self._read()
                self._marks = marks
            self._looked = now
            return self._found

    def _folders(self) -> tuple[Path, ...]:
        config = self._config
        given = (config.makers, config.signers, config.intermediates, config.crls)
        return tuple(each for each in (*given, self._time_authorities) if each is not None)

    def _read(self) -> Evidence:
        config = self._config
        self._version += 1
        others = (
            each
            for path, content in _contents(config.intermediates, _CERTIFICATES)
            for each in Certificate.read_all(content, str(path))
        )
        lists = (
            RevocationList.read(content, str(path))
            for path, content in _contents(config.crls, _LISTS)
        )
        return Evidence(
            version=self._version,
            makers=_store(config.makers, "[seals] makers"),
            signers=_store(config.signers, "[seals] signers"),
            time_authorities=_store(self._time_authorities, "[timestamps] trust"),
            others=tuple(others),
            lists=tuple(lists),
        )


def _store(folder: Path | None, name: str) -> TrustStore | None:
    return None if folder is None else TrustStore.read(folder, name)


def _contents(folder: Path | None, suffixes: frozenset[str]) -> Iterator[tuple[Path, bytes]]:
    if folder is None:
        return
    for path in _files(folder, suffixes):
        try:
            with path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise InputError(str(path), f"it cannot be read ({error.strerror})") from None
        if len(content) > MAX_FILE_BYTES:
            raise InputError(str(path), f"it has more than {MAX_FILE_BYTES} bytes")
        yield path, content


def _files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    try:
        found = sorted(
            each for each in folder.iterdir() if each.suffix.lower() in suffixes and each.is_file()
        )
    except OSError as error:
        raise InputError(str(folder), f"the folder cannot be read ({error.strerror})") from None
    if len(found) > MAX_FILES:
        raise InputError(str(folder), f"it has more than {MAX_FILES} files")
    return found


def _marks(folders: tuple[Path, ...]) -> Iterator[tuple[str, int, int, int]]:
    """Yield what tells one state of the folders from another."""
    for folder in folders:
        try:
            for path in sorted(folder.iterdir()):
                facts = path.stat()
                yield str(path), facts.st_mtime_ns, facts.st_size, facts.st_ino
        except OSError as error:
            raise InputError(str(folder), f"the folder cannot be read ({error.strerror})") from None
