"""Approvals printed for people and for programs."""

import json
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1.approval_service_pb2 import Approval

_MISLEADING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_COLUMNS: Final = ("name", "state", "operation", "resource", "requester", "summary")


def safe(text: str) -> str:
    """Escape what would let a terminal show something else than what is written."""
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in _MISLEADING and char != "\n"
        else char
        for char in text
    )


def record(approval: "Approval") -> dict[str, Any]:
    """Turn an approval into plain values, with short names of enumerations and hex."""
    found = plain(approval)
    found["digest"] = approval.digest.hex()
    return found


def one(output: Output, approval: "Approval") -> None:
    """Print an approval."""
    found = record(approval)
    if output is Output.TABLE:
        if found["algorithm"] == "UNSPECIFIED":
            del found["algorithm"]
        found["rules"] = "\n".join(map(_rule, approval.rules))
        found["votes"] = "\n".join(map(_vote, approval.votes)) or "none yet"
        found = {name: safe(value) for name, value in found.items()}
    show.one(output, found)


def many(output: Output, approvals: "Sequence[Approval]") -> None:
    """Print a list of approvals."""
    records = [record(approval) for approval in approvals]
    if output is Output.TABLE:
        records = [{name: safe(found[name]) for name in _COLUMNS} for found in records]
    show.many(output, _COLUMNS, records)


def line(output: Output, approval: "Approval") -> str:
    """Return an approval as one line."""
    found = record(approval)
    if output is Output.JSON:
        return json.dumps(found, ensure_ascii=False)
    wanted = ("update_time", "name", "state", "operation", "resource", "requester", "summary")
    return "  ".join(safe(found[name]).replace("\n", " ") for name in wanted)


def _rule(rule: Any) -> str:
    return f"{rule.count} of {rule.group or 'the security administrators'}"


def _vote(vote: Any) -> str:
    said = "approved" if vote.approved else "rejected"
    return f"{vote.identity} {said}{': ' if vote.comment else ''}{vote.comment}"
