"""Printing resources: a table for people, JSON for programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1 import resources_pb2 as resources

_ENUMS = {
    "key_type": "KEY_TYPE_",
    "default_algorithm": "ALGORITHM_",
    "state": ("KEY_STATE_", "TOKEN_STATE_"),
    "previous_state": "TOKEN_STATE_",
    "protection_level": "PROTECTION_LEVEL_",
    "origin": "KEY_ORIGIN_",
}


def record(message: Any) -> dict[str, Any]:
    """Turn a resource into plain values, with short names of enumerations and IDs in hex."""
    from google.protobuf.json_format import MessageToDict

    values: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    # In the order of the contract; MessageToDict puts fields without a value last.
    found = {f.name: values[f.name] for f in message.DESCRIPTOR.fields if f.name in values}
    for name, value in found.items():
        if isinstance(value, str) and name in _ENUMS:
            prefixes = _ENUMS[name]
            for prefix in (prefixes,) if isinstance(prefixes, str) else prefixes:
                value = value.removeprefix(prefix)
            found[name] = value
    if "algorithms" in found:
        found["algorithms"] = [a.removeprefix("ALGORITHM_") for a in found["algorithms"]]
    if "cka_id" in found:
        found["cka_id"] = message.cka_id.hex()
    return found


def one(output: Output, fields: Mapping[str, Any]) -> None:
    """Print one thing."""
    if output is Output.JSON:
        print(json.dumps(fields, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table(show_header=False, box=None)
    for name, value in fields.items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        table.add_row(name.replace("_", " "), shown)
    _print(table)


def many(output: Output, columns: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
    """Print a list."""
    if output is Output.JSON:
        print(json.dumps(list(records), ensure_ascii=False))
        return
    from rich.table import Table

    table = Table()
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for found in records:
        table.add_row(*(str(found.get(column, "")) for column in columns))
    _print(table)


def _print(table: Any) -> None:
    from rich.console import Console

    Console(markup=False, emoji=False, highlight=False).print(table)


def keys(output: Output, found: "Sequence[resources.Key]") -> None:
    """Print keys."""
    columns = ("name", "key_type", "state", "default_algorithm", "token", "protection_level")
    many(output, columns, [record(key) for key in found])


def tokens(output: Output, found: "Sequence[resources.Token]") -> None:
    """Print tokens."""
    columns = ("name", "state", "label", "serial", "workers_ready", "profile", "state_reason")
    many(output, columns, [record(token) for token in found])


def resource(output: Output) -> Callable[[Any], None]:
    """Return what prints one resource."""
    return lambda message: one(output, record(message))
