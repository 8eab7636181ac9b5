"""The result of a chaos run: what must be 0, the table of fault classes, the figures."""

import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from tests.chaos.processes import Census
from tests.chaos.record import Outcome, reasons
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
    untold: list[Outcome]  # failed without a status and a reason, while the daemon ran
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
        untold = [f"{o.key}, {o.code}: {o.text}" for o in self.untold]
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
            Check(
                "more descriptors in the daemon than before",
                self.after.daemon_descriptors - self.before.daemon_descriptors,
                _DESCRIPTORS_SLACK,
            ),
            Check(
                "more descriptors in the workers than before",
                (self.after.worker_descriptors or 0) - (self.before.worker_descriptors or 0),
                _DESCRIPTORS_SLACK,
            ),
        ]

    @property
    def ok(self) -> bool:
        """Whether the run is passed; a run without signatures or faults is not."""
        return bool(self.verdict.signatures and self.trials) and all(c.ok for c in self.checks())


def _these(found: list[str]) -> tuple[int, int, tuple[str, ...]]:
    return len(found), 0, tuple(found[:3])


def as_text(run: Run) -> str:
    """For the terminal."""
    lines = [*_summary(run), "", *_table(classes(run), _COLUMNS), "", "Failures by reason:"]
    lines += [f"  {number:6} {reason}" for reason, number in reasons(run.outcomes).most_common()]
    lines += ["", "Checks:"]
    for check in run.checks():
        lines.append(_check_line(check))
        lines += [f"         {example}" for example in check.examples]
    lines.append(f"\n{'PASSED' if run.ok else 'FAILED'}, seed {run.seed}")
    return "\n".join(lines)


def _check_line(check: Check) -> str:
    return f"  {'ok  ' if check.ok else 'FAIL'} {check.value:5} {check.what} (limit {check.limit})"


def _summary(run: Run) -> list[str]:
    before, after = run.before, run.after
    verdict = run.verdict
    failed = sum(not outcome.good for outcome in run.outcomes)
    return [
        f"Seed {run.seed}, {run.seconds:.0f} s, {len(run.trials)} faults.",
        f"Signatures returned: {verdict.signatures}; requests failed: {failed}.",
        f"Verified by openssl: {verdict.by_openssl}, each SM2 signature and some of the others; "
        f"by cryptography: {verdict.by_cryptography}, each other one.",
        f"Processes: {before.processes} before, {after.processes} after. Descriptors: daemon "
        f"{before.daemon_descriptors}, {after.daemon_descriptors}; workers "
        f"{_known(before.worker_descriptors)}, {_known(after.worker_descriptors)}.",
        f"Memory (MiB): daemon {_mib(before.daemon_rss_kib)}, {_mib(after.daemon_rss_kib)}; "
        f"workers {_mib(before.workers_rss_kib)}, {_mib(after.workers_rss_kib)}.",
    ]


def _known(number: int | None) -> str:
    return "(only root can count them)" if number is None else str(number)


def _mib(kib: int) -> str:
    return f"{kib / 1024:.1f}"


_COLUMNS = {
    "fault": "fault",
    "times": "times",
    "failed": "requests failed",
    "noticed": "noticed after (s, median)",
    "outage_median": "outage of the worst key (s, median)",
    "outage_longest": "longest",
    "recovery_median": "all keys sign after its end (s, median)",
    "recovery_longest": "longest",
    "complete_longest": "all workers back (s, longest)",
    "operator": "operator needed",
}


def classes(run: Run) -> list[dict[str, Any]]:
    """One row for each fault class, in the order of the names."""
    names = sorted({trial.name for trial in run.trials})
    return [_row(name, [t for t in run.trials if t.name == name]) for name in names]


def _row(name: str, trials: list[Trial]) -> dict[str, Any]:
    recovery = [t.recovery for t in trials]
    helped = sum(bool(trial.operator) for trial in trials)
    return {
        "fault": name,
        "times": len(trials),
        "failed": sum(trial.failed for trial in trials),
        "noticed": _median(t.noticed for t in trials),
        "outage_median": _median(t.outage for t in trials),
        "outage_longest": max(t.outage for t in trials),
        "recovery_median": _median(recovery),
        "recovery_longest": _longest(recovery),
        "complete_longest": _longest([t.complete for t in trials]),
        "operator": f"{helped} of {len(trials)}" if helped else "no",
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _longest(values: list[float | None]) -> float | str | None:
    known = [value for value in values if value is not None]
    return "never" if None in values else max(known, default=None)


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> list[str]:
    """A Markdown table, which is readable on a terminal too."""
    cells = [[_cell(row[name]) for name in columns] for row in rows]
    heads = list(columns.values())
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = [heads, ["-" * width for width in widths], *cells]
    return [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def as_markdown(run: Run) -> str:
    """For docs/reliability.md."""
    checks = [{"check": c.what, "found": c.value, "limit": c.limit} for c in run.checks()]
    return "\n".join(
        [
            *(f"- {line}" for line in _summary(run)),
            "",
            *_table(checks, {"check": "check", "found": "found", "limit": "limit"}),
            "",
            *_table(classes(run), _COLUMNS),
        ]
    )


def as_json(run: Run) -> dict[str, Any]:
    """For programs: the checks, the classes, and each single fault."""
    return {
        "ok": run.ok,
        "seed": run.seed,
        "seconds": run.seconds,
        "signatures": run.verdict.signatures,
        "verified_by_openssl": run.verdict.by_openssl,
        "verified_by_cryptography": run.verdict.by_cryptography,
        "checks": [asdict(check) | {"ok": check.ok} for check in run.checks()],
        "failures": dict(reasons(run.outcomes)),
        "classes": classes(run),
        "before": run.before.as_dict(),
        "after": run.after.as_dict(),
        "faults": [asdict(trial) for trial in run.trials],
    }
