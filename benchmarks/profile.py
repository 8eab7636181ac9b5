"""``python -m benchmarks.profile``: where the microseconds of one signature go.

On a token whose signatures are instant. First with one request in flight: client, daemon and worker
note when each stage began, and the stages add up to what the client waits. Then with 16 in flight
under cProfile, which makes everything slower: the daemon's processor time by parts of the program.
"""

import argparse
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import grpc

from benchmarks.bench import requests
from benchmarks.bench.daemon import Signetd, check_signature
from benchmarks.bench.generator import Generator
from benchmarks.bench.instant import RSA
from benchmarks.bench.loads import Load
from benchmarks.stages import parts, spans
from benchmarks.stages.spans import Record, Span
from benchmarks.stages.worker import VARIABLE
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm

_IN_FLIGHT: Final = 16
_WARM: Final = 20  # requests that do not count
_CALL_SECONDS: Final = 20.0
_MICRO: Final = 1e6
_FUNCTIONS: Final = 15


def stages(folder: Path, number: int) -> list[dict[str, float]]:
    """Return the stages of so many requests, in seconds, one after the other."""
    worker = folder / "worker.json"
    daemon = _launched(folder, "benchmarks.stages.daemon", {VARIABLE: str(worker)})
    with ExitStack() as running:
        running.callback(daemon.kill)
        _prepare(daemon)
        client = _call(daemon, _WARM + number)[_WARM:]
        daemon.stop()
    records = [_last(folder / "own" / "spans.json", number), _last(worker, number)]
    return [spans.split(*each) for each in zip(client, *records, strict=True)]


def functions(folder: Path, seconds: float) -> tuple[dict[parts.Function, parts.Times], int]:
    """Return the profile of a daemon under load, and how many signatures it has made."""
    daemon = _launched(folder, "benchmarks.stages.functions", {})
    load = Load("unary", _IN_FLIGHT)
    with ExitStack() as running:
        running.callback(daemon.kill)
        _prepare(daemon)
        request = requests.of_signetd(RSA, load)
        seen = Generator().measure(daemon.address("unix"), request, _IN_FLIGHT, seconds)
        daemon.stop()
    return parts.read(folder / "own" / "functions.pstats"), seen.answered


def _launched(folder: Path, program: str, variables: dict[str, str]) -> Signetd:
    daemon = Signetd(folder / "own", 1, fault=True, program=program, variables=variables)
    daemon.launch()
    return daemon


def _prepare(daemon: Signetd) -> None:
    daemon.make_keys([RSA])
    daemon.faults("C_Sign null")
    check_signature(daemon, RSA)


def _call(daemon: Signetd, number: int) -> list[Span]:
    """Sign so many times; return when each request was sent, and when it was answered."""
    request = requests.of_signetd(RSA, Load("unary", 1))
    found = []
    with grpc.insecure_channel(daemon.address("unix").where) as channel:
        call: Any = channel.unary_unary(request.method)
        for _ in range(number):
            began = time.monotonic()
            call(request.body, timeout=_CALL_SECONDS)
            found.append((began, time.monotonic()))
    return found


def _last(file: Path, number: int) -> list[Record]:
    """Read the last records of a file: nothing is signed after them."""
    records: list[Record] = json.loads(file.read_text())
    return records[-number:]


def stage_lines(found: Sequence[dict[str, float]]) -> list[str]:
    """Return the table of the stages: medians in µs, and what they are of all."""
    each = spans.medians(found)
    whole = median(sum(split.values()) for split in found)
    rows = [
        {"stage": stage, "µs": f"{seconds * _MICRO:.0f}", "of all": f"{seconds / whole:.0%}"}
        for stage, seconds in each.items()
    ]
    rows.append({"stage": "a signature", "µs": f"{whole * _MICRO:.0f}", "of all": "100%"})
    return table(rows, {name: name for name in rows[0]})


def part_lines(times: dict[parts.Function, parts.Times], made: int) -> list[str]:
    """Return the tables of the parts and of the longest functions: µs for each signature."""
    by_part = parts.by_part(times)
    whole = sum(by_part.values())
    rows = [
        {"part": part, "µs": f"{seconds / made * _MICRO:.1f}", "of these": f"{seconds / whole:.0%}"}
        for part, seconds in by_part.items()
    ]
    longest = [
        {"function": f"`{name}`", "µs": f"{seconds / made * _MICRO:.1f}"}
        for name, seconds in parts.longest(times, _FUNCTIONS)
    ]
    return [
        *table(rows, {name: name for name in rows[0]}),
        "",
        *table(longest, {name: name for name in longest[0]}),
    ]


def main() -> None:
    """Measure and print."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    here = Path(__file__).resolve().parent.parent
    with TemporaryDirectory(prefix=".profile-", dir=options.folder or here) as name:
        lines = [f"One request in flight, {options.requests} of them, one worker:", ""]
        (Path(name) / "one").mkdir()
        lines += stage_lines(stages(Path(name) / "one", options.requests))
        if options.seconds:
            (Path(name) / "many").mkdir()
            times, made = functions(Path(name) / "many", options.seconds)
            lines += ["", f"{_IN_FLIGHT} in flight under cProfile, {made} signatures:", ""]
            lines += part_lines(times, made)
    text = "\n".join(lines)
    print(text)
    if options.markdown:
        write_between_markers(options.markdown, "profile", text)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.profile")
    made.add_argument("--requests", type=int, default=2000, help="one after the other")
    made.add_argument("--seconds", type=float, default=5.0, help="under cProfile; 0: not at all")
    made.add_argument("--folder", type=Path, metavar="DIR", help="on the disk to be used")
    made.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return made


if __name__ == "__main__":
    main()
