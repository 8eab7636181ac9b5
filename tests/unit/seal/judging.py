"""Cases of seals and stamps with what must come out, and how a report is compared with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from signetd.seal.report import Check, Report, Result, Verdict
from signetd.seal.words import as_lines
from tests.unit.seal import workshop
from tests.unit.seal.workshop import SealPlan, StampPlan

Plan = SealPlan | StampPlan


@dataclass(frozen=True)
class Case:
    """A seal or stamp; *fails* and *warns* are all checks that must have come out so."""

    label: str
    make: Callable[[], Plan]
    fails: frozenset[str] = frozenset()
    warns: frozenset[str] = frozenset()
    changes: Callable[[], dict[str, Any]] = field(default=dict)
    """Of the circumstances."""


def case(
    label: str,
    make: Callable[[], Plan],
    fails: str = "",
    warns: str = "",
    changes: Callable[[], dict[str, Any]] = dict,
) -> Case:
    """Return a case; names of checks are separated by spaces."""
    return Case(label, make, frozenset(fails.split()), frozenset(warns.split()), changes)


def check(each: Case) -> Report:
    """Judge a case; the report must be as it says, no more and no less."""
    report = workshop.judged(each.make(), **each.changes())
    expect(report, each.fails, each.warns, each.label)
    return report


def expect(
    report: Report,
    fails: frozenset[str] = frozenset(),
    warns: frozenset[str] = frozenset(),
    label: str = "",
) -> None:
    said = "\n".join([label, *as_lines(report)])
    assert names(report, Result.FAILED) == fails, f"failed are others than {set(fails)}: {said}"
    assert names(report, Result.WARNING) == warns, f"warnings are others than {set(warns)}: {said}"
    assert report.verdict is (Verdict.BAD if fails else Verdict.GOOD), said


def names(report: Report, result: Result) -> frozenset[str]:
    return frozenset(each.name for each in report.checks if each.result is result)


def of(report: Report, name: str) -> Check:
    (found,) = (each for each in report.checks if each.name == name)
    return found
