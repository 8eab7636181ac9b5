"""A run: crashes at random moments under load, and then the proof."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.chaos.report import Check
from tests.crashes import evidence
from tests.crashes.chains import Chains
from tests.crashes.clusters import Cluster
from tests.crashes.goods import Goods
from tests.crashes.load import Load, use_up
from tests.crashes.proof import Proof
from tests.crashes.record import Record

LOADED: Final = (0.1, 2.0)
"""Seconds of load before a crash, from the moment on at which all daemons sign again."""
_BACK_WITHIN: Final = 150.0


@dataclass(frozen=True)
class Crashed:
    """One crash, and in how many seconds all daemons signed again."""

    name: str
    back: float


@dataclass(frozen=True)
class Run:
    """All that a run brought to light."""

    seed: int
    crashes: list[Crashed]
    received: int
    records: int
    without_receiver: int
    failures: Counter[str]
    failed_acts: Counter[str]
    goods: dict[str, int]
    checks: list[Check]

    @property
    def ok(self) -> bool:
        """Whether it is passed; a run without crashes or signatures is not."""
        return bool(self.crashes and self.received) and all(check.ok for check in self.checks)


def run(
    cluster: Callable[[], AbstractContextManager[Cluster]],
    *,
    rounds: int,
    seed: int,
    loaded: tuple[float, float] = LOADED,
    say: Callable[[str], None] = print,
) -> Run:
    """Crash something so many times under load; then prove that nothing was bent by it."""
    random, record, stock = Random(seed), Record(), Goods()
    with cluster() as made:
        loads = [Load(it, record, stock, random.randrange(2**32)) for it in made.daemons]
        for load in loads:
            load.start()
        try:
            crashes = _rounds(made, record, random, rounds, loaded, say)
        finally:
            for load in loads:
                load.stop()
        say("comparing what was answered with the chains …")
        return judged(seed, made, record, stock, crashes)


def _rounds(
    cluster: Cluster,
    record: Record,
    random: Random,
    rounds: int,
    loaded: tuple[float, float],
    say: Callable[[str], None],
) -> list[Crashed]:
    done = []
    await_signatures(cluster, record)
    for number in range(1, rounds + 1):
        time.sleep(random.uniform(*loaded))
        crash, began = random.choice(cluster.crashes), time.monotonic()
        crash.happen(random)
        await_signatures(cluster, record)
        done.append(Crashed(crash.name, time.monotonic() - began))
        total = sum(record.counts.values())
        say(f"{number:3} {crash.name:42} back after {done[-1].back:5.2f} s, {total:6} signatures")
    return done


def await_signatures(cluster: Cluster, record: Record) -> None:
    """Wait until each daemon runs, and a client has a new signature of it."""
    end = time.monotonic() + _BACK_WITHIN
    for daemon in cluster.daemons:
        daemon.await_ready()
        before = record.counts[daemon.name]
        while record.counts[daemon.name] == before:
            assert time.monotonic() < end, (
                f"{daemon.name} runs and signs nothing after {_BACK_WITHIN:g} s, which clients "
                f"are told to be due to {record.failures}; look at its log:\n{daemon.log}"
            )
            time.sleep(0.01)


def judged(
    seed: int, cluster: Cluster, record: Record, stock: Goods, crashes: list[Crashed]
) -> Run:
    """Fetch the evidence, and hold it against what was answered; the daemons end."""
    first = cluster.daemons[0]
    # By each daemon: what one has used up must be so for the others.
    for daemon in cluster.daemons:
        use_up(daemon, record, stock.all_approvals())
    with tempfile.TemporaryDirectory(prefix="signetd-") as name:
        keys = evidence.public_keys(first)
        files = [evidence.export(daemon, Path(name)) for daemon in cluster.daemons]
        verified = evidence.verified(files, evidence.audit_key(keys))
        chains = Chains.read(files)
    proof = Proof(record, chains, keys)
    checks = [verified, *proof.checks(), evidence.kept(first, stock, chains)]
    checks += [evidence.left_unused(stock, chains), _odd(record), _left_behind(cluster)]
    return Run(
        seed=seed,
        crashes=crashes,
        received=len(record.received),
        records=len(chains.records),
        without_receiver=proof.without_receiver(),
        failures=record.failures,
        failed_acts=record.failed_acts,
        goods=_goods(stock),
        checks=checks,
    )


def _left_behind(cluster: Cluster) -> Check:
    for daemon in cluster.daemons:
        daemon.end()
    left = sum(daemon.orphans() for daemon in cluster.daemons)
    return Check("processes left after the daemons' end", left)


def _odd(record: Record) -> Check:
    return Check("answers that must not be", len(record.odd), 0, tuple(record.odd[:3]))


def _goods(stock: Goods) -> dict[str, int]:
    return {
        "keys with a limit": len(stock.capped),
        "grants with a limit": len(stock.grants),
        "approvals": len(stock.approvals),
    }
