"""Identities, groups and grants as plain values, and in words for the tables."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from signetd.cli import show
from signetd.cli.plain import plain
from signetd.cli.session import Output
from signetd.cli.words import given, limits_text, rule_text

if TYPE_CHECKING:
    from signetd.api.v1 import access_service_pb2 as access


def identities(output: Output, found: "Iterable[access.Identity]") -> None:
    """Print identities."""
    columns = ("name", "roles", "credential", "certificate_sha256", "disabled")
    show.many(output, columns, [_shown(output, plain(each)) for each in found])


def groups(output: Output, found: "Iterable[access.Group]") -> None:
    """Print groups."""
    show.many(output, ("name", "members"), [_shown(output, plain(each)) for each in found])


def grants(output: Output, found: "Iterable[access.Grant]") -> None:
    """Print grants."""
    columns = ("name", "effect", "subject", "keys", "operations", "conditions", "comment")
    show.many(output, columns, [_shown(output, plain(each)) for each in found])


def one(output: Output, message: Any) -> None:
    """Print an identity, a group or a grant."""
    show.one(output, _shown(output, plain(message)))


def _shown(output: Output, record: dict[str, Any]) -> dict[str, Any]:
    """Return the record as it is for programs; in words for people."""
    if output is Output.JSON:
        return record
    words = {name: _words(value) for name, value in record.items()}
    if "conditions" in record:
        words["conditions"] = conditions_text(record["conditions"])
    return words


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def conditions_text(conditions: Mapping[str, Any]) -> str:
    """Write the conditions of a grant for people; "" if it has none."""
    found = [
        *given("for", ", ".join(conditions["purposes"])),
        *given("with", ", ".join(conditions["algorithms"])),
        *given("from", conditions.get("not_before", "")),
        *given("until", conditions.get("not_after", "")),
        *given("at", _schedule_text(conditions.get("schedule", {}))),
        *(["digests only"] if conditions["digest_only"] else []),
        *given("at most", limits_text(conditions["limits"])),
    ]
    if "approval" in conditions:
        found.append(f"approved by {rule_text(conditions['approval'])}")
    return "; ".join(found)


def _schedule_text(schedule: Mapping[str, Any]) -> str:
    if not schedule:
        return ""
    days = " ".join(day[:3].lower() for day in schedule["weekdays"])
    hours = "-".join(_clock(schedule.get(name, "0s")) for name in ("start", "end"))
    return f"{days or 'every day'} {hours} {schedule['time_zone']}"


def _clock(duration: str) -> str:
    minutes = int(duration.removesuffix("s")) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"
