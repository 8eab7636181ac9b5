"""Whom the configuration trusts: the folders of [seals], read again when they have changed."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import structlog

from signetd.daemon.config.schema import Seals, Timestamps
from signetd.drivers.errors import Reason, SignetError
from signetd.pki import (
    InputError,
    Revocation,
    RevocationList,
    TrustStore,
    certificates,
    folders,
    revocation_lists,
)
from signetd.seal import Trust
from signetd.seal.verify_chain import MAX_OTHERS, MAX_SOURCES

READ_SECONDS: Final = 60.0
"""After so long a folder is read again, however little its files seem to have changed."""
_REVOCATION: Final = {
    "required": Revocation.REQUIRED,
    "if-known": Revocation.IF_KNOWN,
    "ignored": Revocation.IGNORED,
}
_log = structlog.get_logger("signetd.trust")
_Read = TypeVar("_Read")


def revocation_of(config: Seals) -> Revocation:
    """Return how much [seals] wants to be known of the revocation of certificates."""
    return _REVOCATION[config.revocation]


class TrustFolders:
    """Reads the folders of [seals], and those of [timestamps] for the times in seals and stamps.

    For verification and for stamps, from any thread. A folder counts as a whole: while a file in
    it cannot be read nobody is judged by it, so that a broken revocation list does not go
    unnoticed.
    """

    def __init__(
        self,
        config: Seals,
        timestamps: Timestamps | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._authorities = None if timestamps is None else timestamps.trust
        self._ticks = ticks
        self._turn = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._read_at = 0.0
        self._trust: Trust | None = None
        self._problem = ""

    def trust(self) -> Trust:
        """Return whom the folders trust now, the same object until they are read again; blocks.

        Without a folder of makers it is nobody. Raises TRUST_UNUSABLE; the log tells why.
        """
        with self._turn:
            self._look()
            if self._trust is None:
                raise SignetError(
                    Reason.TRUST_UNUSABLE,
                    "The folders of [seals] in the daemon's configuration, or that of [timestamps],"
                    " cannot be used; the daemon's log says which file, and why.",
                )
            return self._trust

    def _look(self) -> None:
        seen = tuple(_state(each) for each in self._folders())
        is_old = self._ticks() - self._read_at >= READ_SECONDS
        if seen == self._seen and not is_old:
            return
        # What changes while it is being read is seen the next time.
        self._seen, self._read_at = seen, self._ticks()
        try:
            self._trust = self._read()
        except InputError as error:
            self._trust = None
            self._tell(str(error))
            return
        self._tell("")

    def _tell(self, problem: str) -> None:
        if problem and problem != self._problem:
            _log.error("nobody is judged by the folders of [seals]", problem=problem)
        elif self._problem and not problem:
            _log.info("the folders of [seals] can be used again")
        self._problem = problem

    def _folders(self) -> Iterator[Path]:
        config = self._config
        for each in (
            config.makers,
            config.signers,
            config.intermediates,
            config.crls,
            self._authorities,
        ):
            if each is not None:
                yield each

    def _read(self) -> Trust:
        config, authorities = self._config, self._authorities
        lists = [
            *_named(_found(config.crls, revocation_lists), "[seals] crls"),
            # The lists of the authorities lie beside their certificates.
            *_named(_found(authorities, revocation_lists), "[timestamps] trust"),
        ]
        others = _found(config.intermediates, certificates)
        _check_count(len(lists), MAX_SOURCES, "[seals] crls and [timestamps] trust")
        _check_count(len(others), MAX_OTHERS, "[seals] intermediates")
        return Trust(
            makers=_store(config.makers, "[seals] makers"),
            signers=_store(config.signers, "[seals] signers"),
            time_authorities=None
            if authorities is None
            else TrustStore.read(authorities, "[timestamps] trust"),
            others=others,
            lists=lists,
        )


def _check_count(found: int, most: int, where: str) -> None:
    if found > most:
        raise InputError(where, f"there are {found}; {most} are the most that a verification takes")


def _store(folder: Path | None, name: str) -> TrustStore:
    if folder is None:
        return TrustStore(f"{name} (not configured)", (), may_be_empty=True)
    return TrustStore.read(folder, name)


def _found(folder: Path | None, read: Callable[[Path], list[_Read]]) -> list[_Read]:
    return [] if folder is None else read(folder)


def _named(lists: Iterable[RevocationList], folder: str) -> list[RevocationList]:
    """Call them by the option, for reports: callers are not to learn the paths of this machine."""
    return [replace(each, place=f"{folder}, {Path(each.place).name}") for each in lists]


def _state(folder: Path) -> tuple[object, ...]:
    """Return what changes with the files of a folder that are read; an error is one as well."""
    wanted = folders.CERTIFICATES | folders.LISTS
    try:
        with os.scandir(folder) as entries:
            found = [
                (each.name, _status(each))
                for each in entries
                if os.path.splitext(each.name)[1].lower() in wanted  # noqa: PTH122  # of a name
            ]
    except OSError as error:
        return (str(folder), error.errno)
    return (str(folder), *sorted(found))


def _status(entry: "os.DirEntry[str]") -> tuple[int, ...]:
    try:
        status = entry.stat()
    except OSError as error:
        return (error.errno or 0,)
    return (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
