"""Ways in which a disk is full: a small file system, or a limit on the size of files."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from tests.crashes.daemons import CrashingDaemon

_SIZE: Final = "12m"
_BLOCK: Final = 64 * 1024
ROOM: Final = 128 * 1024
"""Bytes that are left at first, so that it is the daemon that fills the disk: a moment's load."""


class Filling(Protocol):
    """A state directory for which there can be no space."""

    def fill(self, daemon: CrashingDaemon, room: int) -> None:
        """Take the space that is left, but for *room* bytes; may be called again for the rest."""
        ...

    def free(self, daemon: CrashingDaemon) -> None:
        """Give it back."""
        ...


class SmallDisk:
    """A file system of its own for the state directory, which is filled with a file; for root."""

    def __init__(self, state: Path) -> None:
        self._ballast = state / "ballast"

    def fill(self, daemon: CrashingDaemon, room: int) -> None:
        """Write until there is no space for one byte more, and give back *room*."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (_BLOCK, 1):
                _write_until_full(file.fileno(), size)
            file.truncate(file.tell() - room)

    def free(self, daemon: CrashingDaemon) -> None:
        """Remove the file."""
        self._ballast.unlink()


class SizeLimit:
    """A limit on the size of the daemon's files, its log among them, which anybody may set."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def fill(self, daemon: CrashingDaemon, room: int) -> None:
        """Let no file grow by more than *room* beyond the largest one; without, nothing is written.

        A limit at the largest file's size would leave space: the write-ahead log begins again
        from its start once its pages are in the database, which may be smaller than it.
        """
        largest = max(file.stat().st_size for file in self._state.iterdir() if file.is_file())
        self._limit(daemon, largest + room if room else 0)

    def free(self, daemon: CrashingDaemon) -> None:
        """Take the limit away; it ends with its process in any case."""
        if daemon.running:
            self._limit(daemon, resource.RLIM_INFINITY)

    def _limit(self, daemon: CrashingDaemon, size: int) -> None:
        assert daemon.process is not None
        pid = daemon.process.pid
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


@contextmanager
def small_disk(state: Path) -> Iterator[SmallDisk]:
    """Mount one at *state*. Raises OSError where that is not allowed."""
    state.mkdir(mode=0o700)
    options = f"size={_SIZE},mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", state], capture_output=True, text=True
    )
    if done.returncode:
        raise PermissionError(f"a file system cannot be mounted: {done.stderr.strip()}")
    try:
        yield SmallDisk(state)
    finally:
        # Lazily: a worker that is just ending may have its lock file open.
        subprocess.run(["umount", "--lazy", state], check=True)


@contextmanager
def size_limit(state: Path) -> Iterator[SizeLimit]:
    """A limit for the files in *state*."""
    yield SizeLimit(state)


def _write_until_full(file: int, size: int) -> None:
    block = bytes(size)
    while True:
        try:
            os.write(file, block)
        except OSError:
            return
