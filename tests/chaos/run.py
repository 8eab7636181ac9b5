"""A chaos run from the daemon's start to its end."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from tests.chaos import processes
from tests.chaos.faults import Fault
from tests.chaos.load import Load
from tests.chaos.processes import Census
from tests.chaos.record import Outcome, Record
from tests.chaos.report import Run
from tests.chaos.target import KEYS, Target
from tests.chaos.trial import Conductor, Trial
from tests.chaos.verify import Verifier

# Seconds between a client's requests. Verifying SM2 by command costs 10 ms each, so fewer of them.
PAUSES: Final = dict.fromkeys(KEYS, 0.015) | {"sm2": 0.06}
_WARM_UP: Final = 2.0
_STOPPED: Final = frozenset({"UNAVAILABLE", "CANCELLED"})


def run(
    faults: list[Fault], *, seconds: float, seed: int, say: Callable[[str], None] = print
) -> Run:
    """Have faults befall a daemon under load for so long; then verify all that it answered."""
    random = Random(seed)
    with TemporaryDirectory(prefix="signetd-") as name:
        target, record = Target(Path(name)), Record()
        try:
            target.launch()
            verifier = Verifier(target.make_keys(), random)
            trials, before, after = _under_load(target, record, random, faults, seconds, say)
            ended = int(target.ended)
            if not ended:
                target.stop()
        finally:
            target.kill()
        say(f"verifying {sum(outcome.good for outcome in record.outcomes)} signatures …")
        return Run(
            seed=seed,
            seconds=seconds,
            trials=trials,
            outcomes=[_explained(outcome, target) for outcome in record.outcomes],
            odd=record.odd,
            verdict=verifier.verify(record.outcomes),
            before=before,
            after=after,
            orphans=sum(len(processes.orphans(pid)) for pid in target.pids),
            daemon_ended=ended,
        )


def _under_load(
    target: Target,
    record: Record,
    random: Random,
    faults: list[Fault],
    seconds: float,
    say: Callable[[str], None],
) -> tuple[list[Trial], Census, Census]:
    load = Load(target.socket, record, pauses=PAUSES)
    conductor = Conductor(target, record, random)
    load.start()
    try:
        conductor.await_well()
        time.sleep(_WARM_UP)
        before = processes.census(target.pid)
        trials = list(_trials(conductor, target, _endless(faults, random), seconds, say))
        after = _settled(target, before)
    finally:
        load.stop()
    return trials, before, after


def _trials(
    conductor: Conductor,
    target: Target,
    faults: Iterator[Fault],
    seconds: float,
    say: Callable[[str], None],
) -> Iterator[Trial]:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not target.ended:
        trial = conductor.run(next(faults))
        say(_told(trial))
        yield trial


def _told(trial: Trial) -> str:
    recovery = "NOT RECOVERED" if trial.recovery is None else f"back after {trial.recovery:.2f} s"
    operator = f"; operator {', '.join(trial.operator)}" if trial.operator else ""
    return f"{trial.name:38} {trial.failed:4} failed, {recovery}{operator} ({trial.did})"


def _endless(faults: list[Fault], random: Random) -> Iterator[Fault]:
    """All classes in random order, again and again."""
    while True:
        yield from random.sample(faults, len(faults))


def _settled(target: Target, before: Census) -> Census:
    """Count at the end, once what was being replaced has been."""
    end = time.monotonic() + 5.0
    after = processes.census(target.pid)
    while time.monotonic() < end and (after.zombies or after.processes > before.processes):
        time.sleep(0.1)
        after = processes.census(target.pid)
    return after


def _explained(outcome: Outcome, target: Target) -> Outcome:
    """Say of a request that met a daemon which we had stopped why it failed."""
    told = outcome.good or outcome.reason or outcome.code not in _STOPPED
    if told or not target.was_down(outcome.began, outcome.ended):
        return outcome
    return replace(outcome, reason="(the daemon was being restarted by this test)")
