"""The result of a run as text and as Markdown."""

import statistics
from collections import Counter

from tests.chaos.document import table
from tests.crashes.run import Run

_CRASHES = {
    "crash": "crash",
    "times": "times",
    "median": "all sign again after (s, median)",
    "longest": "longest",
}


def as_text(run: Run) -> str:
    """For the terminal."""
    lines = [*_summary(run), "", *table(_crashes(run), _CRASHES), "", "Checks:"]
    for check in run.checks:
        lines.append(f"  {'ok  ' if check.ok else 'FAIL'} {check.value:5} {check.what}")
        lines += [f"         {example}" for example in check.examples]
    lines.append(f"\n{'PASSED' if run.ok else 'FAILED'}, seed {run.seed}")
    return "\n".join(lines)


def as_markdown(run: Run) -> str:
    """For docs/audit.md."""
    checks = [{"check": c.what, "found": c.value, "limit": c.limit} for c in run.checks]
    return "\n".join(
        [
            *(f"- {line}" for line in _summary(run)),
            "",
            *table(checks, {"check": "check", "found": "found", "limit": "limit"}),
            "",
            *table(_crashes(run), _CRASHES),
        ]
    )


def _summary(run: Run) -> list[str]:
    made = ", ".join(f"{number} {what}" for what, number in run.goods.items())
    return [
        f"{len(run.crashes)} crashes; {run.received} signatures received; {run.records} records, "
        f"{run.without_receiver} of them of signatures that reached nobody.",
        f"Used up meanwhile: {made}.",
        f"Requests without a signature: {_counts(run.failures)}.",
        f"Acts of administrators that failed: {_counts(run.failed_acts)}.",
    ]


def _counts(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()) or "none"


def _crashes(run: Run) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name in sorted({crash.name for crash in run.crashes}):
        back = [crash.back for crash in run.crashes if crash.name == name]
        row = {"crash": name, "times": len(back), "median": statistics.median(back)}
        rows.append(row | {"longest": max(back)})
    return rows
