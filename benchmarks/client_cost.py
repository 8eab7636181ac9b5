"""``python -m benchmarks.client_cost``: what the ways to sign through the Python client are worth.

One daemon whose token signs at once, and a process for each client, by turns: single calls alone,
single calls that share a stream, ``sign_many``, and batches. Exits with 1 when sharing is worth
less than the target, or a request fails.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.bench.daemon import Signetd
from benchmarks.bench.instant import RSA
from signetd.client import AsyncClient, Client, Endpoint, SignetdError, SignItem
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm

_WORKERS: Final = 2
_BATCH: Final = 100
_TARGET: Final = 1.5
_SECONDS: Final = 2.0
_MORE_SECONDS: Final = 60.0
_ALONE: Final = "alone"
_SHARED: Final = "shared"


@dataclass(frozen=True)
class Way:
    """A client, how it signs, and from how many threads or tasks."""

    client: str
    how: str
    width: int = 1

    @property
    def shown(self) -> str:
        """Its name in the table."""
        unit = "threads" if self.client == "sync" else "tasks"
        return f"{self.client}, {self.width} {unit}" if self.width > 1 else self.client


WAYS: Final = (
    *(
        Way(client, how, width)
        for client in ("sync", "aio")
        for width in (16, 64)
        for how in (_ALONE, _SHARED)
    ),
    *(Way(client, how) for client in ("sync", "aio") for how in ("sign_many", "batches")),
)


@dataclass
class Row:
    """A way with its samples, one of each round."""

    way: Way
    rates: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)  # processor seconds for each signature
    daemon: list[float] = field(default_factory=list)


def run(folder: Path, rounds: int, seconds: float) -> list[Row]:
    """Measure everything in turns; every second round in the other order."""
    rows = [Row(way) for way in WAYS]
    daemon = Signetd(folder / "daemon", _WORKERS, fault=True)
    try:
        daemon.launch()
        daemon.make_keys([RSA])
        daemon.faults("C_Sign null")
        for number in range(rounds):
            print(f"round {number + 1} of {rounds} …", file=sys.stderr, flush=True)
            for row in rows if number % 2 == 0 else reversed(rows):
                _sample(daemon, row, seconds)
    finally:
        daemon.kill()
    return rows


def _sample(daemon: Signetd, row: Row, seconds: float) -> None:
    way, before = row.way, daemon.usage()
    command = [sys.executable, "-m", "benchmarks.client_cost", "--sign", daemon.endpoint]
    how = ["--client", way.client, "--how", way.how, "--width", str(way.width)]
    done = subprocess.run(
        [*command, *how, "--seconds", str(seconds)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=seconds + _MORE_SECONDS,
    )
    seen = json.loads(done.stdout)
    row.rates.append(seen["made"] / seen["seconds"])
    row.client.append(seen["processor"] / seen["made"])
    row.daemon.append(daemon.usage().since(before).server / seen["made"])


def ratios(row: Row, rows: Sequence[Row]) -> list[float]:
    """Return how many times as much it is as single calls alone of the same client and width.

    Where there are none of its width, with 16.
    """
    base = _base(row, rows)
    return [one / other for one, other in zip(row.rates, base.rates, strict=True)]


def _base(row: Row, rows: Sequence[Row]) -> Row:
    width = row.way.width if row.way.width > 1 else 16
    return next(each for each in rows if each.way == Way(row.way.client, _ALONE, width))


def cells(row: Row, rows: Sequence[Row]) -> dict[str, str]:
    """Return a line of the table."""
    found = ratios(row, rows)
    return {
        "client": row.way.shown,
        "sign": row.way.how,
        "signatures/s": f"{median(row.rates):,.0f}",
        "to single calls alone": f"{median(found):.2f} ({min(found):.2f}–{max(found):.2f})",
        "client CPU (µs each)": f"{median(row.client) * 1e6:.0f}",
        "daemon CPU (µs each)": f"{median(row.daemon) * 1e6:.0f}",
    }


def problems(rows: Sequence[Row]) -> list[str]:
    """Return which targets are missed."""
    shared = [row for row in rows if row.way.how == _SHARED]
    found = {row.way.shown: median(ratios(row, rows)) for row in shared}
    return [
        f"{name}: sharing is worth {ratio:.2f} times, not {_TARGET:g}"
        for name, ratio in found.items()
        if ratio < _TARGET
    ]


# What follows runs in the client's process.


def sign(options: argparse.Namespace) -> dict[str, float]:
    """Sign for so long; return how many were made, and the processor time."""
    endpoint = Endpoint(options.sign)
    began, used = time.monotonic(), time.process_time()
    if options.client == "sync":
        made = _sync(endpoint, options)
    else:
        made = asyncio.run(_aio(endpoint, options))
    seconds, processor = time.monotonic() - began, time.process_time() - used
    return {"made": made, "seconds": seconds, "processor": processor}


def _until(end: float) -> Iterator[SignItem]:
    item = RSA.item()
    while time.monotonic() < end:
        yield item


def _checked(results: Sequence[Any]) -> int:
    for result in results:
        if isinstance(result, SignetdError):
            raise result
    return len(results)


def _sync(endpoint: Endpoint, options: argparse.Namespace) -> int:
    end = time.monotonic() + options.seconds
    with Client(endpoint, share_streams=options.how == _SHARED) as client:
        if options.how == "sign_many":
            return sum(_checked([one]) for one in client.sign_many(_until(end)))
        if options.how == "batches":
            return sum(_checked(client.batch_sign([item] * _BATCH)) for item in _until(end))
        return _in_threads(lambda: len([client.sign(item) for item in _until(end)]), options)


def _in_threads(work: Callable[[], int], options: argparse.Namespace) -> int:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(work())) for _ in range(options.width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(made) < options.width:
        raise RuntimeError("a thread failed; its message is above")
    return sum(made)


async def _aio(endpoint: Endpoint, options: argparse.Namespace) -> int:
    end = time.monotonic() + options.seconds
    async with AsyncClient(endpoint, share_streams=options.how == _SHARED) as client:
        if options.how == "sign_many":
            return sum([_checked([one]) async for one in client.sign_many(_until(end))])
        if options.how == "batches":
            made = [_checked(await client.batch_sign([each] * _BATCH)) for each in _until(end)]
            return sum(made)

        async def task() -> int:
            return len([await client.sign(item) for item in _until(end)])

        return sum(await asyncio.gather(*(task() for _ in range(options.width))))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.client_cost")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="each")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="on the disk to be used")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    inner = parser.add_argument_group("of the processes that sign")
    inner.add_argument("--sign", metavar="ENDPOINT")
    inner.add_argument("--client", choices=("sync", "aio"), default="sync")
    inner.add_argument("--how", choices=(_ALONE, _SHARED, "sign_many", "batches"), default=_ALONE)
    inner.add_argument("--width", type=int, default=1)
    return parser


def main() -> int:
    """Measure and print."""
    options = _parser().parse_args()
    if options.sign:
        print(json.dumps(sign(options)))
        return 0
    clean_up_on_sigterm()
    here = Path(__file__).resolve().parents[1]
    with TemporaryDirectory(prefix=".bench-", dir=options.folder or here) as folder:
        rows = run(Path(folder), options.rounds, options.seconds)
    lines = [cells(row, rows) for row in rows]
    missed = problems(rows)
    verdict = f"Single calls that share a stream at least {_TARGET:g} times: "
    verdict += f"not met ({'; '.join(missed)})." if missed else "met."
    text = "\n".join([*table(lines, {name: name for name in lines[0]}), "", verdict])
    print(text)
    if options.markdown:
        write_between_markers(options.markdown, "client-cost", text)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
