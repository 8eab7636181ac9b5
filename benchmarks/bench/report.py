"""What a run found, as text for people and for documents, and as JSON."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bench import figures, targets
from benchmarks.bench.instant import Own
from benchmarks.bench.rounds import Result
from benchmarks.bench.starting import Start
from tests.chaos.document import table


@dataclass
class Report:
    """The parts that were measured."""

    command: str
    generator: str
    rounds: int
    seconds: float
    result: Result | None = None
    own: Sequence[Own] = ()
    start: Start | None = None
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON. Rates in 1/s, times in seconds, memory in MiB."""
        found: dict[str, Any] = {
            "command": self.command,
            "generator": self.generator,
            "rounds": self.rounds,
            "seconds": self.seconds,
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "load_average": os.getloadavg()[0],
            "audit": "on",
            "problems": self.problems,
        }
        if self.result is not None:
            found["signatures"] = [figures.of_case(case) for case in self.result.cases]
            memory = self.result.memory.items()
            found["memory"] = [figures.of_memory(*each) for each in memory]
        if self.own:
            found["instant"] = [figures.of_own(own) for own in self.own]
        if self.start is not None:
            found["start"] = figures.of_start(self.start)
        return found


def text(found: Mapping[str, Any]) -> str:
    """Return the tables of what ``as_dict`` returned."""
    parts = [_heading(found)]
    if "signatures" in found:
        parts += [_table([figures.case_cells(row) for row in found["signatures"]])]
        parts += [_memory(row) for row in found["memory"]]
    if "instant" in found:
        parts += ["The daemon's own cost, on a token whose signatures are instant (2 workers):"]
        parts += [_table([figures.own_cells(row) for row in found["instant"]])]
    if "start" in found:
        parts += ["Start and size (2 workers):", _table(figures.start_cells(found["start"]))]
    parts += [targets.summary(found)]
    parts += ["\n".join(f"- Not in order: {problem}" for problem in found["problems"])]
    return "\n\n".join(part for part in parts if part)


def _heading(found: Mapping[str, Any]) -> str:
    return (
        f"`{found['command']}`: {counted(found['rounds'], 'round')} of {found['seconds']:g} s, "
        f"load from {found['generator']}, {found['processors']} processors, load average "
        f"{found['load_average']:.1f} at the end. Audit: {found['audit']}."
    )


def _memory(row: Mapping[str, Any]) -> str:
    return (
        f"Memory after these loads with {counted(row['workers'], 'worker')}: the daemon "
        f"{row['daemon']:.0f} MiB, each worker {row['each_worker']:.0f} MiB."
    )


def counted(number: int, what: str) -> str:
    """Write a number of things: ``1 round``, ``2 rounds``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _table(rows: Sequence[dict[str, str]]) -> str:
    return "\n".join(table(rows, {name: name for name in rows[0]}))
