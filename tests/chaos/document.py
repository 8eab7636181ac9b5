"""Writes results into a Markdown file, between two comments that mark their place."""

from pathlib import Path


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
