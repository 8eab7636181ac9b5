"""Two daemons under the same loads by turns, so that whatever else runs strikes both alike."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.measure import Group, Result

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_SERVED: Final = Path(__file__).parent / "served.py"
WORKERS: Final = 2


@dataclass(frozen=True)
class Load:
    """What clients ask for; ``fault`` is that of the token, ``same`` data goes with `null`."""

    name: str
    key: str
    clients: int
    batch: int = 1
    fault: str = ""

    @property
    def shown(self) -> str:
        """How the requests come."""
        return f"{self.clients} × {self.batch}" if self.batch > 1 else str(self.clients)


@dataclass(frozen=True)
class Sample:
    """What clients saw of a daemon, and the processor time that it took, in seconds."""

    result: Result
    used: float

    @property
    def each(self) -> float:
        """Processor time of the daemon's process for a signature, in seconds."""
        return self.used / max(1, self.result.made)


class Served:
    """A daemon in a process of its own, of any checkout."""

    def __init__(self, checkout: Path, folder: Path, program: str = "signetd.daemon") -> None:
        folder.mkdir()
        self._process = subprocess.Popen(
            [_python(checkout), _SERVED, folder, program, str(WORKERS)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        facts = self._read()
        self.pid, self.socket = facts["pid"], Path(facts["socket"])

    def measure(self, load: Load, seconds: float) -> Sample:
        """Put it under a load for so long."""
        self._say(load.fault)
        before = processor_seconds(self.pid)
        group = Group(
            [self.socket],
            key=load.key,
            clients=load.clients,
            seconds=seconds,
            batch=load.batch,
            same="null" in load.fault,
        )
        result = group.result()
        return Sample(result, processor_seconds(self.pid) - before)

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the daemon has no input")
        print(line, file=self._process.stdin, flush=True)
        self._read()

    def _read(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError("the daemon did not start, or has ended; its message is above")
        return json.loads(line)


@dataclass
class Pair:
    """What was measured of two daemons under one load, in as many rounds."""

    load: Load
    old: list[Sample] = field(default_factory=list)
    new: list[Sample] = field(default_factory=list)

    def ratio(self, of: Callable[[Sample], float]) -> float:
        """Return how many times as much it is in the new one: the median of the rounds."""
        return median(self.ratios(of))

    def ratios(self, of: Callable[[Sample], float]) -> list[float]:
        """Return that of each round: how far they are apart tells what the median is worth."""
        return [of(new) / of(old) for old, new in zip(self.old, self.new, strict=True)]

    @property
    def failures(self) -> int:
        """Requests that were refused or failed."""
        samples = [*self.old, *self.new]
        return sum(each.result.failures.total() + each.result.refused for each in samples)


def compare(
    old: Served, new: Served, loads: Sequence[Load], rounds: int, seconds: float
) -> list[Pair]:
    """Measure both under each load, in turns; each round begins with the other one."""
    pairs = [Pair(load) for load in loads]
    for number in range(rounds):
        for pair in pairs:
            turns = [(old, pair.old), (new, pair.new)]
            for served, samples in turns if number % 2 == 0 else reversed(turns):
                samples.append(served.measure(pair.load, seconds))
    return pairs


def _python(checkout: Path) -> str:
    own = checkout / ".venv/bin/python"
    return str(own) if own.exists() else sys.executable


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has taken, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
