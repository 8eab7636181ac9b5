"""Samples with figures that are easy to reckon with."""

from benchmarks.bench.algorithms import ALGORITHMS
from benchmarks.bench.generator import Seen
from benchmarks.bench.loads import Load
from benchmarks.bench.rounds import Case, Sample
from benchmarks.bench.usage import Usage

SM2 = ALGORITHMS[0]
UNARY = Load("unary", 16)


def sample(rate: float, *, answered: int = 100, size: int = 1, failed: int = 0) -> Sample:
    seen = Seen(rate=rate, p50=0.001, p99=0.004, answered=answered, failed=failed)
    return Sample(seen, Usage(server=0.5, workers=0.2), size)


def case(*, transport: str = "unix", workers: int = 1) -> Case:
    """Three rounds: the token makes 1000, 2000, 1000; the others half and a quarter of it."""
    made = Case(SM2, UNARY, transport, workers)
    made.token += [1000.0, 2000.0, 1000.0]
    made.reference += [sample(500.0), sample(1000.0), sample(600.0)]
    made.signetd += [sample(250.0), sample(500.0), sample(150.0)]
    return made
