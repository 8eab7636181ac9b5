"""Printing records, the audit's status, and what a verification found."""

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1 import audit_service_pb2 as audit
    from signetd.audit import Report

_COLUMNS = ("number", "time", "kind", "identity", "operation", "resource", "result")


def status(output: Output, message: "audit.AuditStatus") -> None:
    """Print how the audit is."""
    show.one(output, plain(message))


def values(record: "audit.AuditRecord") -> dict[str, Any]:
    """Return what a record says, and its hash."""
    found: dict[str, Any] = json.loads(record.json)
    return found | {"hash": record.hash}


def records(output: Output, found: "Iterable[audit.AuditRecord]") -> None:
    """Print records."""
    shown = [values(each) for each in found]
    if output is Output.TABLE:
        shown = [each | {"time": _second(each["time"])} for each in shown]
    show.many(output, _COLUMNS, shown)


def _second(moment: str) -> str:
    """Leave the parts of a second away: a table is to fit into a terminal."""
    return moment.partition(".")[0] + "Z"


def line(output: Output, record: "audit.AuditRecord") -> str:
    """Write a record in one line."""
    found = values(record)
    if output is Output.JSON:
        return json.dumps(found, ensure_ascii=False)
    return "  ".join(str(found.get(name) or "-") for name in _COLUMNS)


def report(output: Output, found: "Report") -> None:
    """Print what a verification found: a summary, and the problems on stderr."""
    if output is Output.JSON:
        print(json.dumps(found.values(), ensure_ascii=False))
        return
    for problem in found.problems:
        print(f"signetctl: {problem}", file=sys.stderr)
    if found.problem_count > len(found.problems):
        print(f"signetctl: {found.problem_count} problems in all", file=sys.stderr)
    for notice in found.notices:
        print(f"note: {notice}", file=sys.stderr)
    show.one(output, _summary(found))


def _verdict(found: "Report") -> str:
    if found.ok:
        return "nothing was changed"
    if found.untrusted == found.problem_count:
        return "NOT PROVEN: signed with a key that is not among the trusted ones"
    return "NOT AS IT WAS WRITTEN"


def _summary(found: "Report") -> dict[str, Any]:
    return {
        "verdict": _verdict(found),
        "chain": found.chain,
        "files": found.files,
        "records": f"{found.records} ({found.first} to {found.last})",
        "time": f"{found.first_time} to {found.last_time}",
        "checkpoints": found.checkpoints,
        "denied": found.denied,
        "uses": [f"{key}: {count}" for key, count in sorted(found.uses.items())],
        "signed_by": [f"{key} ({trust})" for key, trust in sorted(found.keys.items())],
    }
