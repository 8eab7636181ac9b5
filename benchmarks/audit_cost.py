"""``python -m benchmarks.audit_cost``: what the audit costs.

Two daemons, both with SQLite on a disk, are put under the same loads by turns: this one, and beside
it the same one that writes no signature down (`unaudited`), or with --against that of an older
checkout. Exits with 1 when the audit costs more than the targets allow, or a request fails.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.pairs import WORKERS, Load, Pair, Sample, Served, compare
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm

_KEPT: Final = 0.8  # of the throughput without the audit, with so many requests in flight:
_AT: Final = 64
_NULL: Final = "C_Sign null"

LOADS: Final = (
    *(Load("instant", "rsa", clients, fault=_NULL) for clients in (1, 16, 64)),
    Load("instant", "rsa", 2, batch=100, fault=_NULL),
    *(
        Load(name, key, 64)
        for name, key in (("P-256", "p256"), ("RSA-2048", "rsa"), ("SM2", "sm2"))
    ),
)


def _rate(sample: Sample) -> float:
    return sample.result.goodput


def _p50(sample: Sample) -> float:
    return sample.result.percentile(0.5) * 1000


def _p99(sample: Sample) -> float:
    return sample.result.percentile(0.99) * 1000


def _cpu(sample: Sample) -> float:
    return sample.each * 1e6


_FIGURES: Final = {
    "signatures/s": (_rate, ",.0f"),
    "p50 (ms)": (_p50, ".1f"),
    "p99 (ms)": (_p99, ".1f"),
    "daemon CPU (µs each)": (_cpu, ",.0f"),
}


def row(pair: Pair) -> dict[str, Any]:
    """Return a row of the table: each figure of both, and how many times as much the second is."""
    cells: dict[str, Any] = {"signatures": pair.load.name, "in flight": pair.load.shown}
    for name, (of, form) in _FIGURES.items():
        both = [format(median(map(of, samples)), form) for samples in (pair.old, pair.new)]
        cells[name] = " → ".join(both)
        ratios = pair.ratios(of)
        cells[f"{name} ratio"] = f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
    return cells


def problems(pairs: Sequence[Pair]) -> list[str]:
    """Return which targets are missed."""
    found = [f"{pair.load.name}: {pair.failures} failures" for pair in pairs if pair.failures]
    for pair in pairs:
        kept = pair.ratio(_rate)
        if pair.load.clients == _AT and kept < _KEPT:
            found.append(
                f"{pair.load.name}, {_AT} in flight: {kept:.0%} of without, not {_KEPT:.0%}"
            )
    return found


def _name(load: Load) -> str:
    return f"{load.name}/{load.shown}"


def run(options: argparse.Namespace) -> list[Pair]:
    """Measure."""
    here = Path(__file__).resolve().parent.parent
    loads = [load for load in LOADS if not options.only or _name(load) in options.only]
    other = options.against.resolve() if options.against else here
    program = "signetd.daemon" if options.against else "benchmarks.unaudited"
    with (
        TemporaryDirectory(prefix=".cost-", dir=options.folder or here) as name,
        closing(Served(other, Path(name, "a"), program)) as old,
        closing(Served(here, Path(name, "b"))) as new,
    ):
        return compare(old, new, loads, options.rounds, options.seconds)


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    pairs = run(options)
    rows = [row(pair) for pair in pairs]
    found = [] if options.against else problems(pairs)
    lines = [*table(rows, {name: name.replace(" ratio", " ×") for name in rows[0]}), ""]
    lines += [f"- Not met: {problem}" for problem in found]
    if not options.against:
        lines += [] if found else [f"At least {_KEPT:.0%} at {_AT} in flight: met."]
    text = "\n".join(lines)
    print(f"{WORKERS} workers, {options.rounds} rounds of {options.seconds:g} s\n\n{text}")
    if options.markdown:
        place = "cost-since" if options.against else "audit-cost"
        write_between_markers(options.markdown, place, text)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_cost")
    parser.add_argument("--against", type=Path, metavar="DIR", help="a checkout with its .venv")
    parser.add_argument("--only", nargs="+", metavar="LOAD", help="such as P-256/64 or instant/1")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="each measurement (default 2)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="on the disk to be used")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
