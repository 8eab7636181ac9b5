"""The result of a chaos run, and what in it must be 0."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.chaos.processes import Census
from tests.chaos.record import Outcome
from tests.chaos.trial import Trial
from tests.chaos.verify import Verdict

_DESCRIPTORS_SLACK = 8  # gRPC opens a few of its own when it likes, and keeps them


@dataclass(frozen=True)
class Check:
    """A figure that has a limit."""

    what: str
    value: int
    limit: int = 0
    examples: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit


@dataclass(frozen=True)
class Run:
    """All that a run brought to light."""

    seed: int
    seconds: float
    trials: list[Trial]
    outcomes: list[Outcome]
    odd: list[str]
    verdict: Verdict
    before: Census
    after: Census
    orphans: int
    daemon_ended: int

    def checks(self) -> list[Check]:
        """Everything that decides about the exit code."""
        lost = [f"{t.name} ({t.did}): {'; '.join(t.operator)}" for t in self.trials if t.unexpected]
        pins = [t for t in self.trials if t.refused > t.wrong_pins]
        untold = [f"{o.key}, {o.code}: {o.text}" for o in self.outcomes if not (o.good or o.reason)]
        signatures = self.verdict.signatures
        verified = self.verdict.by_cryptography + sum(
            outcome.good and outcome.key == "sm2" for outcome in self.outcomes
        )
        return [
            Check("wrong answers", *_these([*self.verdict.wrong, *self.odd])),
            Check("duplicate answers", *_these(self.verdict.duplicates)),
            Check("signatures not verified", signatures - verified),
            Check("requests failed without a status and reason", *_these(untold)),
            Check("faults that did not pass by themselves, though they should", *_these(lost)),
            Check(
                "tries that the token counted for one wrong PIN, at most",
                max((t.refused for t in self.trials), default=0),
                1,
                tuple(f"{t.name}: {t.refused}" for t in pins[:3]),
            ),
            Check(
                "tries with a wrong PIN where nobody gave one",
                sum(t.refused for t in self.trials if not t.wrong_pins),
            ),
            Check("ends of the daemon", self.daemon_ended),
            Check("more processes than before", self.after.processes - self.before.processes),
            Check("zombies", self.after.zombies),
            Check("processes left after the daemon's end", self.orphans),
            *self._descriptors(),
        ]

    def _descriptors(self) -> Iterator[Check]:
        """Those of workers are left out where they cannot be counted."""
        before, after = self.before, self.after
        grown = after.daemon_descriptors - before.daemon_descriptors
        yield Check("more descriptors in the daemon than before", grown, _DESCRIPTORS_SLACK)
        if before.worker_descriptors is not None and after.worker_descriptors is not None:
            grown = after.worker_descriptors - before.worker_descriptors
            yield Check("more descriptors in the workers than before", grown, _DESCRIPTORS_SLACK)

    @property
    def ok(self) -> bool:
        """Whether the run is passed; a run without signatures or faults is not."""
        return bool(self.verdict.signatures and self.trials) and all(c.ok for c in self.checks())


def _these(found: list[str]) -> tuple[int, int, tuple[str, ...]]:
    return len(found), 0, tuple(found[:3])
