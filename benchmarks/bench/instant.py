"""The daemon's own cost: a token that gives signatures at once (the fault module's ``null``)."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.bench import requests
from benchmarks.bench.algorithms import ALGORITHMS
from benchmarks.bench.daemon import Signetd, check_signature
from benchmarks.bench.generator import Generator
from benchmarks.bench.loads import Load
from benchmarks.bench.rounds import Sample, measure

RSA: Final = next(algorithm for algorithm in ALGORITHMS if algorithm.key == "rsa")
"""The key: of all that are verified before they are given out, its signatures are fastest."""
_WORKERS: Final = 2


@dataclass
class Own:
    """The daemon under a load, in as many rounds."""

    load: Load
    samples: list[Sample] = field(default_factory=list)


def run(
    folder: Path,
    loads: Sequence[Load],
    rounds: int,
    seconds: float,
    generator: Generator,
    say: Callable[[str], None],
) -> list[Own]:
    """Measure a daemon with two workers in *folder*. Raises RuntimeError when requests fail."""
    found = [Own(load) for load in loads]
    with ExitStack() as running:
        daemon = Signetd(folder / "instant", _WORKERS, fault=True)
        running.callback(daemon.kill)
        daemon.launch()
        daemon.make_keys([RSA])
        daemon.faults("C_Sign null")
        check_signature(daemon, RSA)
        for number in range(rounds):
            say(f"instant token, round {number + 1} of {rounds} …")
            for own in found:
                request = requests.of_signetd(RSA, own.load)
                address = daemon.address("unix")
                own.samples.append(measure(generator, daemon, address, request, own.load, seconds))
        if failed := daemon.take_failed_items():
            raise RuntimeError(f"{failed} items of batches failed; see the token's rules")
    return found
