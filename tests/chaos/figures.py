"""Measured times against their targets."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.chaos.document import table

_COLUMNS: Final = {
    "what": "from … to …",
    "times": "times",
    "median": "median (s)",
    "longest": "longest (s)",
    "target": "target (s, median)",
    "ok": "met",
}


@dataclass(frozen=True)
class Figure:
    """Repeated measurements of one time, in seconds, and the target of their median."""

    what: str
    values: Sequence[float]
    target: float

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        return self.median <= self.target

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "what": self.what,
            "target": self.target,
            "median": self.median,
            "longest": max(self.values),
            "values": list(self.values),
            "ok": self.ok,
        }


def as_markdown(figures: Sequence[Figure]) -> str:
    """A table of all of them, with what was measured, how often, and whether it is good enough."""
    rows = [figure.as_dict() | {"times": len(figure.values)} for figure in figures]
    return "\n".join(table(rows, _COLUMNS))
