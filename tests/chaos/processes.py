"""What a daemon and its workers take: processes, descriptors and memory, from /proc."""

import os
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

_WORKER = "signetd.drivers.isolation.worker"
_KIB_PER_PAGE = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True)
class Process:
    """One process as it is now; ``descriptors`` is None where they may not be counted."""

    pid: int
    parent: int
    state: str
    started: int  # in clock ticks since the machine's start
    rss_kib: int
    descriptors: int | None
    command: tuple[str, ...]


@dataclass(frozen=True)
class Census:
    """A daemon and all its descendants, in figures."""

    processes: int
    zombies: int
    daemon_descriptors: int
    worker_descriptors: int | None
    daemon_rss_kib: int
    workers_rss_kib: int

    def as_dict(self) -> dict[str, int | None]:
        """The figures by name."""
        return asdict(self)


def clean_up_on_sigterm() -> None:
    """Have SIGTERM end this process as Ctrl-C does, so that no daemon of ours stays behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def census(daemon: int) -> Census:
    """Count what the process *daemon* and its descendants take. Raises ProcessLookupError."""
    main = _read(daemon)
    if main is None or main.descriptors is None:
        raise ProcessLookupError(f"the daemon {daemon} is gone")
    others = descendants(daemon)
    counts = [process.descriptors for process in others if process.state != "Z"]
    return Census(
        processes=1 + len(others),
        zombies=sum(process.state == "Z" for process in others),
        daemon_descriptors=main.descriptors,
        worker_descriptors=None if None in counts else sum(count or 0 for count in counts),
        daemon_rss_kib=main.rss_kib,
        workers_rss_kib=sum(process.rss_kib for process in others),
    )


def workers(daemon: int) -> list[Process]:
    """The worker processes of a daemon that run, the oldest first."""
    alive = [p for p in descendants(daemon) if p.state != "Z" and _WORKER in p.command]
    return sorted(alive, key=lambda process: (process.started, process.pid))


def descendants(ancestor: int) -> list[Process]:
    """Children of a process, their children, and so on."""
    family, found = {ancestor}, []
    everyone = _everyone()
    grown = True
    while grown:
        new = [p for p in everyone if p.parent in family and p.pid not in family]
        found += new
        family |= {process.pid for process in new}
        grown = bool(new)
    return found


def orphans(daemon: int) -> list[int]:
    """Workers that a daemon left behind: they have its PID as their last argument."""
    return [
        process.pid
        for process in _everyone()
        if _WORKER in process.command and process.command[-1] == str(daemon)
    ]


def _everyone() -> list[Process]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [process for pid in pids if (process := _read(pid)) is not None]


def _read(pid: int) -> Process | None:
    """Read one process; None when it has ended."""
    folder = Path("/proc") / str(pid)
    try:
        # The name before the last parenthesis may hold anything, blanks too.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Process(
        pid=pid,
        parent=int(fields[1]),
        state=fields[0],
        started=int(fields[19]),
        rss_kib=int(fields[21]) * _KIB_PER_PAGE,
        descriptors=_descriptors(folder / "fd"),
        command=tuple(command.rstrip("\0").split("\0")),
    )


def _descriptors(folder: Path) -> int | None:
    """Workers forbid being looked into: then only root can count theirs."""
    try:
        return sum(1 for _ in folder.iterdir())
    except (PermissionError, FileNotFoundError, ProcessLookupError):
        return None
