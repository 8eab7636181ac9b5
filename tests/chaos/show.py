"""The result of a chaos run as text, Markdown and JSON, with a row for each fault class."""

import statistics
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from tests.chaos.document import table
from tests.chaos.record import reasons
from tests.chaos.report import Check, Run
from tests.chaos.trial import Trial


def as_text(run: Run) -> str:
    """For the terminal."""
    lines = [*_summary(run), "", *table(classes(run), _COLUMNS), "", "Failures by reason:"]
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
        f"Verified by openssl: {verdict.by_openssl}, each of SM2 and a sample of the others; "
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


def as_markdown(run: Run) -> str:
    """For docs/reliability.md."""
    checks = [{"check": c.what, "found": c.value, "limit": c.limit} for c in run.checks()]
    return "\n".join(
        [
            *(f"- {line}" for line in _summary(run)),
            "",
            *table(checks, {"check": "check", "found": "found", "limit": "limit"}),
            "",
            *table(classes(run), _COLUMNS),
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
