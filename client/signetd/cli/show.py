"""Printing resources: a table for people, JSON for programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from signetd.cli.plain import plain
from signetd.cli.session import Output

if TYPE_CHECKING:
    from signetd.api.v1 import resources_pb2 as resources

_UNBOUNDED: Final = 100_000


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
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "))
    for found in records:
        table.add_row(*(str(found.get(column, "")) for column in columns))
    _print(table)


def _print(table: Any) -> None:
    """Print a table: whole lines for a program; for a terminal, never less than whole words.

    A name or a hash that is broken or cut off cannot be copied, so a table may be too wide.
    """
    from rich.console import Console

    console = Console(markup=False, emoji=False, highlight=False)
    unbounded = console.options.update(max_width=_UNBOUNDED)
    wanted = console.measure(table, options=unbounded)
    width = max(console.width, wanted.minimum) if console.is_terminal else wanted.maximum
    wide = Console(markup=False, emoji=False, highlight=False, width=width)
    with wide.capture() as printed:
        wide.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()))


def tokens(output: Output, found: "Sequence[resources.Token]") -> None:
    """Print tokens."""
    columns = ("name", "state", "label", "serial", "workers_ready", "profile", "state_reason")
    many(output, columns, [plain(token) for token in found])


def resource(output: Output) -> Callable[[Any], None]:
    """Return what prints one resource."""
    return lambda message: one(output, plain(message))
