"""What processes use: processor time and resident memory, from /proc."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos import processes

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_KIB: Final = 1024


@dataclass(frozen=True)
class Usage:
    """Processor time so far, in seconds: of a server's own process, and of its workers'."""

    server: float
    workers: float = 0.0

    def since(self, before: "Usage") -> "Usage":
        """What was used after *before*."""
        return Usage(self.server - before.server, self.workers - before.workers)


@dataclass(frozen=True)
class Memory:
    """Resident memory in MiB: of a server's own process, and of each of its workers."""

    server: float
    workers: tuple[float, ...] = ()


def seconds_of(stat: str) -> float:
    """Processor time in the text of /proc/PID/stat: user and system, of all threads."""
    # The name before the last parenthesis may hold anything, blanks too.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def usage(server: int, workers: Iterable[int] = ()) -> Usage:
    """Read what a server, and its workers, have used so far. Raises OSError when one has ended."""
    return Usage(_seconds(server), sum(map(_seconds, workers)))


def workers_of(daemon: int) -> list[int]:
    """PIDs of a daemon's workers, the oldest first."""
    return [process.pid for process in processes.workers(daemon)]


def memory(daemon: int) -> Memory:
    """Read what a daemon and its workers take now. Raises ProcessLookupError."""
    workers = [process.rss_kib / _KIB for process in processes.workers(daemon)]
    return Memory(processes.census(daemon).daemon_rss_kib / _KIB, tuple(workers))


def _seconds(pid: int) -> float:
    return seconds_of(Path(f"/proc/{pid}/stat").read_text())
