"""Memory and descriptors of a daemon and its workers, sampled again and again."""

from dataclasses import dataclass, field
from typing import Final

from tests.chaos import growth, processes
from tests.chaos.growth import Growth

WORKERS: Final = tuple(f"worker {number}, memory" for number in (1, 2, 3))
# What may be: an allocator takes a while to have enough. A leak of 100 bytes for each signature at
# 50 a second would be 17 MiB an hour.
_DAEMON_MIB: Final = 4.0
_WORKER_MIB: Final = 2.0
_DESCRIPTORS: Final = 1.0


@dataclass
class Samples:
    """What was measured, each with its time; ``workers`` is how many there should be."""

    workers: int
    daemon_mib: list[tuple[float, float]] = field(default_factory=list)
    daemon_descriptors: list[tuple[float, float]] = field(default_factory=list)
    worker_descriptors: list[tuple[float, float]] = field(default_factory=list)
    workers_mib: dict[int, list[tuple[float, float]]] = field(default_factory=dict)  # by PID
    zombies: int = 0  # seen in two samples in a row
    _suspects: frozenset[int] = frozenset()

    def take(self, daemon: int, now: float) -> None:
        """Measure once."""
        found = processes.census(daemon)
        self.daemon_mib.append((now, found.daemon_rss_kib / 1024))
        self.daemon_descriptors.append((now, found.daemon_descriptors))
        family = processes.descendants(daemon)
        dead = frozenset(process.pid for process in family if process.state == "Z")
        self.zombies += len(dead & self._suspects)
        self._suspects = dead
        for worker in processes.workers(daemon):
            samples = self.workers_mib.setdefault(worker.pid, [])
            samples.append((now, worker.rss_kib / 1024))
        if found.worker_descriptors is not None and found.processes == 1 + self.workers:
            self.worker_descriptors.append((now, found.worker_descriptors))

    def growths(self, warm_up: float) -> list[Growth]:
        """Lines through what was measured after the warm-up. Raises ValueError for too little."""
        end = self.daemon_mib[-1][0]
        lasting = [s for s in self.workers_mib.values() if s[0][0] < warm_up and s[-1][0] >= end]
        series = [
            ("daemon, memory", "MiB", self.daemon_mib, _DAEMON_MIB),
            ("daemon", "descriptors", self.daemon_descriptors, _DESCRIPTORS),
            ("all workers", "descriptors", self.worker_descriptors, _DESCRIPTORS),
            *(
                (worker, "MiB", samples, _WORKER_MIB)
                for worker, samples in zip(WORKERS, lasting, strict=False)
            ),
        ]
        return [
            growth.fit(what, unit, [s for s in samples if s[0] >= warm_up], limit=limit)
            for what, unit, samples, limit in series
            if samples  # workers' descriptors: only root can count them
        ]
