"""``python -m tests.chaos.soak``: steady load for long; memory and descriptors must not grow.

Once a minute the youngest worker is killed, so that the others serve from the beginning to the end.
Ctrl-C or SIGTERM ends it early, with the report.
"""

import argparse
import json
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.chaos import growth, processes
from tests.chaos.document import write_between_markers
from tests.chaos.growth import Growth
from tests.chaos.load import Load
from tests.chaos.record import Outcome, Record, reasons
from tests.chaos.samples import WORKERS, Samples
from tests.chaos.target import KEYS, Target, send
from tests.chaos.verify import Verdict, Verifier

_SAMPLE_SECONDS: Final = 5.0
_KILL_SECONDS: Final = 60.0
_KEEP: Final = 5000  # outcomes whose signatures are verified at the end: the last ones
_PAUSES: Final = dict.fromkeys(KEYS, 0.05) | {"sm2": 0.1}


class Tail(Record):
    """A record of the last outcomes, so that what grows here is not ours; the rest is counted."""

    def __init__(self) -> None:
        super().__init__()
        self.signatures = 0
        self.failures: list[Outcome] = []
        self._last: deque[Outcome] = deque(maxlen=_KEEP)

    def add(self, outcome: Outcome) -> None:
        """Take an answer."""
        with self._lock:
            self.signatures += outcome.good
            if outcome.good:
                self._last.append(outcome)
            else:
                self.failures.append(outcome)

    def kept(self) -> list[Outcome]:
        """The last outcomes with a signature."""
        with self._lock:
            return list(self._last)


@dataclass(frozen=True)
class Soak:
    """What came of it."""

    minutes: float
    kills: int
    signatures: int
    failures: list[Outcome]
    odd: list[str]
    growths: list[Growth]
    zombies: int
    orphans: int
    verdict: Verdict

    def problems(self) -> list[str]:
        """Why it is not passed."""
        untold = [outcome for outcome in self.failures if not outcome.reason]
        found = {
            "growth beyond its limit": sum(not g.ok for g in self.growths),
            "no worker that lasted": int(not any(g.what in WORKERS for g in self.growths)),
            "wrong answers": len(self.verdict.wrong) + len(self.odd),
            "duplicate answers": len(self.verdict.duplicates),
            "requests failed without a status and reason": len(untold),
            "zombies": self.zombies,
            "processes left behind": self.orphans,
            "no signatures": int(not self.signatures),
        }
        return [f"{what}: {number}" for what, number in found.items() if number]

    def as_markdown(self) -> str:
        """For the terminal and docs/reliability.md."""
        told = ", ".join(f"{n} × {reason}" for reason, n in reasons(self.failures).items())
        return "\n".join(
            [
                f"- {self.minutes:.1f} minutes, {self.signatures} signatures, a worker killed "
                f"{self.kills} times; requests failed: {len(self.failures)} ({told or 'none'}).",
                f"- Verified: the last {self.verdict.signatures} signatures.",
                "",
                growth.as_markdown(self.growths),
                "",
                "; ".join(self.problems()) or "Passed.",
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "minutes": self.minutes,
            "kills": self.kills,
            "signatures": self.signatures,
            "failures": dict(reasons(self.failures)),
            "growths": [g.as_dict() for g in self.growths],
            "problems": self.problems(),
        }


def soak(minutes: float, stop: threading.Event, say: Callable[[str], None]) -> Soak:
    """Load a daemon for so long, or until *stop* is set."""
    random = Random(1)
    with TemporaryDirectory(prefix="signetd-") as name:
        target, record, samples = (
            Target(Path(name), workers=len(WORKERS)),
            Tail(),
            Samples(len(WORKERS)),
        )
        try:
            target.launch()
            verifier = Verifier(target.make_keys(), random)
            load = Load(target.socket, record, pauses=_PAUSES, clients=1, watch=1.0)
            load.start()
            began = time.monotonic()
            kills = _measure(target, samples, minutes * 60, stop, say)
            lasted = time.monotonic() - began
            load.stop()
            target.stop()
        finally:
            target.kill()
        return Soak(
            minutes=lasted / 60,
            kills=kills,
            signatures=record.signatures,
            failures=record.failures,
            odd=record.odd,
            growths=samples.growths(began + min(300.0, lasted / 4)),
            zombies=samples.zombies,
            orphans=len(processes.orphans(target.pid)),
            verdict=verifier.verify(record.kept()),
        )


def _measure(
    target: Target,
    samples: Samples,
    seconds: float,
    stop: threading.Event,
    say: Callable[[str], None],
) -> int:
    began = time.monotonic()
    kills, next_kill = 0, began + _KILL_SECONDS
    while not stop.wait(_SAMPLE_SECONDS) and time.monotonic() < began + seconds:
        now = time.monotonic()
        samples.take(target.pid, now)
        if now >= next_kill:
            send(target.worker_pids()[-1], signal.SIGKILL)
            kills, next_kill = kills + 1, next_kill + _KILL_SECONDS
            say(f"{(now - began) / 60:5.1f} min: daemon {samples.daemon_mib[-1][1]:.1f} MiB")
    return kills


def main() -> int:
    """Run; the exit code is 1 when something grew, or an answer was wrong."""
    options = _parser().parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    result = soak(options.minutes, stop, lambda line: print(line, flush=True))
    text = result.as_markdown()
    print(text)
    if options.json:
        options.json.write_text(json.dumps(result.as_dict(), indent=1, ensure_ascii=False))
    if options.markdown:
        command = f"`make soak MINUTES={options.minutes:g}`"
        write_between_markers(options.markdown, "soak", f"The last run: {command}\n\n{text}")
    return 1 if result.problems() else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default 30)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
