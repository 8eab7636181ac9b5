"""``python -m benchmarks.overload``: ten times as many clients as the token can serve.

First the fewest clients are sought that keep the token busy; then ten times as many come. What is
refused must be refused at once and with a reason, and those who are served must not wait long.
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import fairness
from benchmarks.fairness import Fairness
from benchmarks.measure import Result, measure
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm
from tests.chaos.target import Target

_FACTOR: Final = 10
_STEPS: Final = (2, 4, 8, 16, 32, 64)
_ENOUGH: Final = 0.97  # of the best goodput: more clients only wait longer
_GOODPUT: Final = 0.9
_P99: Final = 3.0
_WORKERS: Final = 2

# Name: the key that signs, and how slow the token is.
TOKENS: Final = {
    "5 ms a signature, as hardware": ("p256", "C_Sign delay 5"),
    "SoftHSM, RSA-2048": ("rsa", ""),
}


@dataclass(frozen=True)
class Overload:
    """A token at its peak, and with ten times as many clients."""

    token: str
    peak: Result
    over: Result

    @property
    def goodput(self) -> float:
        """Goodput under overload, as a share of the peak's."""
        return self.over.goodput / self.peak.goodput

    @property
    def p99(self) -> float:
        """How many times as long the slowest hundredth of the accepted requests takes."""
        return self.over.percentile(0.99) / self.peak.percentile(0.99)

    def problems(self) -> list[str]:
        """Which targets are missed."""
        found = []
        if self.goodput < _GOODPUT:
            found.append(f"goodput {self.goodput:.0%} of the peak, the target is {_GOODPUT:.0%}")
        if self.p99 > _P99:
            found.append(f"p99 {self.p99:.1f} times the peak's, the target is {_P99:g}")
        for result in (self.peak, self.over):
            found += [f"{number} × {what}" for what, number in result.failures.items()]
        return [f"{self.token}: {problem}" for problem in found]

    def as_dict(self) -> dict[str, Any]:
        """A row of the table."""
        return {
            "token": self.token,
            "clients": f"{self.peak.clients}, {self.over.clients}",
            "peak": self.peak.goodput,
            "over": self.over.goodput,
            "goodput": f"{self.goodput:.0%}",
            "peak_p99": self.peak.percentile(0.99) * 1000,
            "over_p99": self.over.percentile(0.99) * 1000,
            "p99": self.p99,
            "refused": f"{self.over.refused_share:.0%}",
            "with_delay": f"{self.over.refused_with_delay} of {self.over.refused}",
            "other_failures": self.over.failures.total() + self.peak.failures.total(),
        }


_COLUMNS: Final = {
    "token": "token",
    "clients": "clients at peak, overload",
    "peak": "peak (sign/s)",
    "over": "overload (sign/s)",
    "goodput": "of the peak",
    "peak_p99": "p99 at peak (ms)",
    "over_p99": "p99 of the accepted (ms)",
    "p99": "times",
    "refused": "refused",
    "with_delay": "refusals with a delay",
    "other_failures": "other failures",
}


def overload(socket: Path, token: str, key: str, seconds: float) -> Overload:
    """Seek the peak, measure there, and with ten times as many clients."""
    steps = [measure(socket, key=key, clients=count, seconds=2.0) for count in _STEPS]
    best = max(step.goodput for step in steps)
    clients = next(step.clients for step in steps if step.goodput >= _ENOUGH * best)
    peak = measure(socket, key=key, clients=clients, seconds=seconds)
    over = measure(socket, key=key, clients=clients * _FACTOR, seconds=seconds)
    return Overload(token, peak, over)


def run(
    queue: float, seconds: float, say: Callable[[str], None]
) -> tuple[list[Overload], Fairness]:
    """Measure all tokens, then the fairness between clients."""
    with TemporaryDirectory(prefix="signetd-") as name:
        target = Target(
            Path(name),
            workers=_WORKERS,
            token=f"queue_seconds = {queue}",
            listener=fairness.LISTENERS,
            signers=fairness.SIGNERS,
        )
        try:
            target.launch()
            target.make_keys()
            found = []
            for token, (key, rule) in TOKENS.items():
                say(f"{token} …")
                target.faults(*filter(None, [rule]))
                found.append(overload(target.socket, token, key, seconds))
            say("a greedy client beside polite ones …")
            target.faults("C_Sign delay 5")
            fair = fairness.measure_fairness(target.folder, "p256", seconds)
        finally:
            target.kill()
    return found, fair


def main() -> int:
    """Measure; the exit code is 1 when a target is missed."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    found, fair = run(options.queue, options.seconds, lambda line: print(line, flush=True))
    problems = [problem for result in found for problem in result.problems()] + fair.problems()
    text = "\n".join(
        [
            f"{_WORKERS} workers, `queue_seconds = {options.queue}`.",
            "",
            *table([result.as_dict() for result in found], _COLUMNS),
            "",
            *fair.as_lines(),
            "",
            *([f"- Not met: {problem}" for problem in problems] or ["All targets are met."]),
        ]
    )
    print(text)
    if options.json:
        rows = [result.as_dict() for result in found]
        content = {"overload": rows, "fairness": fair.as_dict(), "problems": problems}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False))
    if options.markdown:
        command = f"`make overload QUEUE={options.queue}`"
        write_between_markers(options.markdown, "overload", f"The last run: {command}\n\n{text}")
    return 1 if problems else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload")
    parser.add_argument("--queue", type=float, default=0.01, help="queue_seconds (default 0.01)")
    parser.add_argument("--seconds", type=float, default=8.0, help="each measurement (default 8)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
