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
    table.add_column(no_wrap=True, min_width=max(map(len, fields), default=0))
    table.add_column(overflow="fold")
    for name, value in fields.items():
        shown = ", ".join(value) if isinstance(value, list) else str(value)
        shown = "not told" if value is None else shown
        table.add_row(name if name.isupper() else name.replace("_", " "), shown)
    _print(table)


def many(output: Output, columns: Sequence[str], records: Sequence[Mapping[str, Any]]) -> None:
    """Print a list."""
    if output is Output.JSON:
        print(json.dumps(list(records), ensure_ascii=False))
        return
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    rows = [[str(found.get(column, "")) for column in columns] for found in records]
    for place, column in enumerate(columns):
        title, texts = column.replace("_", " "), [row[place] for row in rows]
        if any(" " in text for text in texts):
            table.add_column(title, overflow="fold")
        else:
            widest = max(cell_len(text) for text in (title, *texts))
            table.add_column(title, no_wrap=True, min_width=widest)
    for row in rows:
        table.add_row(*row)
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
    # With a height too, for else a terminal of the kind "dumb" is taken for one of 80 columns.
    wide = Console(markup=False, emoji=False, highlight=False, width=width, height=console.height)
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
