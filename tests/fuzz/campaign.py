"""One campaign: a fuzzed process from its seeds to its end, and what it left behind."""

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.fuzz import seeds

KINDS: Final = ("seal", "stamp")
REPLAYS: Final = 200_000
GROWTH_MIB: Final = 1.0
"""What the process that only reads may grow by, in all its inputs."""
_MARGIN: Final = 600
"""Seconds that a campaign may take besides five milliseconds for each input."""
_ARTIFACT: Final = "found-"


@dataclass(frozen=True)
class Campaign:
    """What came of fuzzing one parser."""

    kind: str
    wanted: int
    inputs: int
    read: int
    refused: int
    kept: int
    edges: int
    crashes: int
    slowest: float
    peak: float
    growth: float
    seconds: float

    def problems(self) -> list[str]:
        """Why it is not passed."""
        found = []
        if self.crashes:
            found.append(f"{self.kind}: {self.crashes} inputs crash, hang, or take too much")
        if self.inputs < self.wanted:
            found.append(f"{self.kind}: it ended after {self.inputs} of {self.wanted} inputs")
        if not (self.read and self.refused and self.edges):
            found.append(f"{self.kind}: it reads none, refuses none, or covers nothing")
        if self.growth > GROWTH_MIB:
            found.append(f"{self.kind}: memory has grown by {self.growth:.2f} MiB")
        return found

    def as_row(self) -> dict[str, Any]:
        """For a table."""
        return {
            "what": f"parse_{self.kind}",
            "inputs": self.inputs,
            "read": self.read,
            "edges": self.edges,
            "kept": self.kept,
            "crashes": self.crashes,
            "slowest": f"{self.slowest * 1000:.0f}",
            "peak": f"{self.peak:.0f}",
            "growth": f"{max(self.growth, 0):.2f}",
            "seconds": f"{self.seconds:.0f}",
        }


def run(kind: str, runs: int, seed: int, folder: Path) -> Campaign:
    """Fuzz one parser in *folder*, which stays with what was found."""
    _plant(kind, folder)
    started = time.monotonic()
    log = folder / "log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "tests.fuzz.target", kind, str(folder), str(runs)]
        subprocess.run(
            [*command, str(seed)],
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=_MARGIN + runs * 0.005,
            check=False,
        )
    seconds = time.monotonic() - started
    said = _statistics(folder)
    printed = log.read_text(errors="replace")
    crashes = len([each for each in folder.iterdir() if each.name.startswith(_ARTIFACT)])
    return Campaign(
        kind=kind,
        wanted=runs,
        inputs=_last(r"stat::number_of_executed_units: (\d+)", printed),
        read=said["read"],
        refused=said["refused"],
        kept=len(list((folder / "corpus").iterdir())),
        edges=_last(r"cov: (\d+)", printed),
        crashes=crashes,
        slowest=said["slowest"],
        peak=_last(r"stat::peak_rss_mb: +(\d+)", printed),
        growth=_growth(kind, folder),
        seconds=seconds,
    )


def _plant(kind: str, folder: Path) -> None:
    for name in ("corpus", "seeds"):
        (folder / name).mkdir(parents=True)
    for number, data in enumerate(seeds.of(kind)):
        (folder / "seeds" / f"{number:03}").write_bytes(data)


def _statistics(folder: Path) -> dict[str, Any]:
    file = folder / "statistics.json"
    if not file.exists():
        return {"read": 0, "refused": 0, "slowest": 0.0}
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _last(form: str, printed: str) -> int:
    found = re.findall(form, printed)
    return int(found[-1]) if found else 0


def _growth(kind: str, folder: Path) -> float:
    """Return how much a process grows that only reads, in MiB."""
    command = [sys.executable, "-m", "tests.fuzz.replay", kind, str(folder), str(REPLAYS)]
    done = subprocess.run(command, capture_output=True, timeout=_MARGIN, check=True)
    found = json.loads(done.stdout)
    return float(found["last"] - found["first"])
