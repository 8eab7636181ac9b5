"""Identities, groups and grants as plain values, and in words for the tables."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from signetd.cli import show
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1 import access_service_pb2 as access

_PERIODS = {"MINUTE": "per minute", "DAY": "per day", "EVER": "in all"}


def plain(message: Any) -> dict[str, Any]:
    """Turn a message into plain values, with short names of enumerations at every depth."""
    from google.protobuf.json_format import MessageToDict

    values = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return _plain(message.DESCRIPTOR, values)


def _plain(descriptor: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    # In the order of the contract; MessageToDict puts fields without a value last.
    return {
        field.name: [_one(field, each) for each in found]
        if isinstance(found := values[field.name], list)
        else _one(field, found)
        for field in descriptor.fields
        if field.name in values
    }


def _one(field: Any, value: Any) -> Any:
    if field.enum_type is not None:
        return value.removeprefix(field.enum_type.values[0].name.removesuffix("UNSPECIFIED"))
    if field.message_type is not None and isinstance(value, dict):
        return _plain(field.message_type, value)
    # JSON of protobuf has numbers of 64 bits as texts.
    return int(value) if field.cpp_type == field.CPPTYPE_INT64 else value


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
    limits = [f"{each['count']} {_PERIODS[each['period']]}" for each in conditions["limits"]]
    found = [
        *_given("for", ", ".join(conditions["purposes"])),
        *_given("with", ", ".join(conditions["algorithms"])),
        *_given("from", conditions.get("not_before", "")),
        *_given("until", conditions.get("not_after", "")),
        *_given("at", _schedule_text(conditions.get("schedule", {}))),
        *(["digests only"] if conditions["digest_only"] else []),
        *_given("at most", ", ".join(limits)),
    ]
    if "approval" in conditions:
        found.append(f"approved by {rule_text(conditions['approval'])}")
    return "; ".join(found)


def _given(word: str, text: str) -> list[str]:
    return [f"{word} {text}"] if text else []


def _schedule_text(schedule: Mapping[str, Any]) -> str:
    if not schedule:
        return ""
    days = " ".join(day[:3].lower() for day in schedule["weekdays"])
    hours = "-".join(_clock(schedule.get(name, "0s")) for name in ("start", "end"))
    return f"{days or 'every day'} {hours} {schedule['time_zone']}"


def _clock(duration: str) -> str:
    minutes = int(duration.removesuffix("s")) // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def rule_text(rule: Mapping[str, Any]) -> str:
    """Write an approval rule for people."""
    return f"{rule['count']} of {rule['group'] or 'the security administrators'}"
