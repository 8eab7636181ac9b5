"""Markdown: tables, and the place in a file where they go, between two comments."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def table(rows: Sequence[dict[str, Any]], columns: dict[str, str]) -> list[str]:
    """The lines of a table, which is readable on a terminal too; *columns* are names and heads."""
    cells = [[_cell(row[name]) for name in columns] for row in rows]
    heads = list(columns.values())
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    lines = [heads, ["-" * width for width in widths], *cells]
    return [
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def write_between_markers(file: Path, name: str, text: str) -> None:
    """Replace what is between ``<!-- NAME begin -->`` and ``<!-- NAME end -->``.

    Raises ValueError when the file does not have the two comments.
    """
    begin, end = f"<!-- {name} begin -->", f"<!-- {name} end -->"
    before, found, rest = file.read_text().partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{file} has no place for it: {begin} … {end}")
    file.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}")
