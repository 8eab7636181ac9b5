"""Measures everybody by turns, round after round, so that whatever else runs strikes all alike."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks.bench import requests, tokens
from benchmarks.bench.algorithms import Algorithm
from benchmarks.bench.daemon import Signetd, check_signature
from benchmarks.bench.generator import Address, Generator, Seen
from benchmarks.bench.loads import Load
from benchmarks.bench.raw import RawLoop
from benchmarks.bench.refserver import RefServer
from benchmarks.bench.requests import Request
from benchmarks.bench.usage import Memory, Usage

Say = Callable[[str], None]


@dataclass(frozen=True)
class Sample:
    """What clients saw of a server in one round, and the processor time that it took."""

    seen: Seen
    used: Usage
    size: int  # signatures in a request

    @property
    def server_each(self) -> float:
        """Processor time of the server's own process for a signature, in seconds."""
        return self.used.server / max(1, self.seen.answered * self.size)

    @property
    def workers_each(self) -> float:
        """That of its workers, all together."""
        return self.used.workers / max(1, self.seen.answered * self.size)


@dataclass
class Case:
    """One row: signetd under a load, and both yardsticks in the same rounds."""

    algorithm: Algorithm
    load: Load
    transport: str
    workers: int
    verified: bool = True  # before the signatures are given out
    token: list[float] = field(default_factory=list)  # signatures per second of the raw loop
    reference: list[Sample] = field(default_factory=list)  # empty where there is none
    signetd: list[Sample] = field(default_factory=list)

    @property
    def name(self) -> str:
        """For messages."""
        workers = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        verified = "" if self.verified else ", not verified"
        return f"{self.algorithm.name}, {self.load.shown}, {self.transport}, {workers}{verified}"


@dataclass(frozen=True)
class Plan:
    """What is to be measured."""

    algorithms: Sequence[Algorithm]
    loads: Sequence[Load]
    transports: Sequence[str]
    workers: Sequence[int]
    rounds: int
    seconds: float
    verification: Sequence[bool] = (True,)

    def cases(self) -> list[Case]:
        """Return all rows, in their order; without verification over the first transport alone."""
        return [
            Case(algorithm, load, transport, workers, verified)
            for algorithm in self.algorithms
            for load in self.loads
            for verified in self.verification
            for transport in self.transports
            for workers in self.workers
            if verified or transport == self.transports[0]
        ]


@dataclass(frozen=True)
class Result:
    """The rows, the memory of each daemon after its loads, and what went wrong."""

    cases: Sequence[Case]
    memory: Mapping[int, Memory]  # by the number of workers
    problems: Sequence[str]


class Server(Protocol):
    """What is put under a load."""

    def usage(self) -> Usage:
        """Processor time so far."""
        ...


def run(plan: Plan, folder: Path, generator: Generator, refserver: Path | None, say: Say) -> Result:
    """Start everything in *folder*, measure, and end it."""
    cases = plan.cases()
    with ExitStack() as running:
        bench = _Bench(plan, folder, generator, refserver, running)
        for number in range(plan.rounds):
            for algorithm in turned(plan.algorithms, number):
                say(f"round {number + 1} of {plan.rounds}: {algorithm.name} …")
                bench.round([case for case in cases if case.algorithm is algorithm], number)
        memory = {count: daemon.memory() for count, daemon in bench.daemons.items()}
        failed = sum(daemon.take_failed_items() for daemon in bench.daemons.values())
    problems = [problem for case in cases for problem in failures(case)]
    problems += [f"{failed} items of batches failed"] if failed else []
    return Result(cases, memory, problems)


class _Bench:
    """The daemons, one for each number of workers, and the yardsticks."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        generator: Generator,
        refserver: Path | None,
        running: ExitStack,
    ) -> None:
        self._plan, self._folder = plan, folder
        self._generator, self._refserver = generator, refserver
        self.daemons = {count: self._daemon(count, running) for count in plan.workers}
        first = next(iter(self.daemons.values())).folder / "token"
        self._token = tokens.copy(first, folder / "copy")
        self._raw = RawLoop(folder, self._token)
        self._of_reference: dict[Load, Sample] = {}  # in this round

    def _daemon(self, workers: int, running: ExitStack) -> Signetd:
        daemon = Signetd(self._folder / f"signetd-{workers}", workers)
        running.callback(daemon.kill)
        daemon.launch()
        daemon.make_keys(
            self._plan.algorithms, [True, *(each for each in self._plan.verification if not each)]
        )
        for algorithm in self._plan.algorithms:
            for verified in self._plan.verification:
                check_signature(daemon, algorithm, verified=verified)
        return daemon

    def round(self, cases: Sequence[Case], number: int) -> None:
        """Add a sample to each of the cases of one algorithm."""
        algorithm, seconds = cases[0].algorithm, self._plan.seconds
        rates = {count: self._raw.rate(algorithm, count, seconds) for count in self.daemons}
        self._of_reference.clear()
        with ExitStack() as running:
            reference = None
            if self._refserver is not None:
                server = RefServer(self._refserver, self._folder, self._token, algorithm)
                reference = running.enter_context(server)
            for load in self._plan.loads:
                own = [case for case in cases if case.load is load]
                self._under(load, own, reference, reverse=number % 2 == 1)
        for case in cases:
            case.token.append(rates[case.workers])

    def _under(
        self, load: Load, cases: Sequence[Case], reference: RefServer | None, *, reverse: bool
    ) -> None:
        """Put all under one load by turns, in the other order every second round."""
        turns: list[Callable[[], None]] = [partial(self._signetd, case) for case in cases]
        if reference is not None:
            turns.insert(0, partial(self._reference, cases, reference))
        for turn in reversed(turns) if reverse else turns:
            turn()

    def _reference(self, cases: Sequence[Case], server: RefServer) -> None:
        load = cases[0].load.for_reference
        sample = self._of_reference.get(load)
        if sample is None:
            request = requests.of_reference(cases[0].algorithm, load)
            sample = self._sample(server, server.address, request, load)
            self._of_reference[load] = sample
        for case in cases:
            if case.transport == "unix":  # it has no TLS
                case.reference.append(sample)

    def _signetd(self, case: Case) -> None:
        daemon = self.daemons[case.workers]
        key = case.algorithm.key_name(verified=case.verified)
        request = requests.of_signetd(case.algorithm, case.load, key)
        address = daemon.address(case.transport)
        case.signetd.append(self._sample(daemon, address, request, case.load))

    def _sample(self, server: Server, address: Address, request: Request, load: Load) -> Sample:
        return measure(self._generator, server, address, request, load, self._plan.seconds)


def measure(
    generator: Generator,
    server: Server,
    address: Address,
    request: Request,
    load: Load,
    seconds: float,
) -> Sample:
    """Put a server under a load for so long."""
    before = server.usage()
    seen = generator.measure(address, request, load.in_flight, seconds)
    return Sample(seen, server.usage().since(before), load.size)


def turned(items: Sequence[Algorithm], number: int) -> Sequence[Algorithm]:
    """Return the items, the last one first in every second round."""
    return items if number % 2 == 0 else list(reversed(items))


def failures(case: Case) -> list[str]:
    """Say whose requests failed, and how many."""
    counts = {
        "signetd": sum(sample.seen.failed for sample in case.signetd),
        "refserver": sum(sample.seen.failed for sample in case.reference),
    }
    return [f"{case.name}: {n} requests to {who} failed" for who, n in counts.items() if n]
