"""Whether a figure grows: a straight line through samples, and how sure its slope is."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.chaos.document import table

_COLUMNS: Final = {
    "what": "figure",
    "unit": "unit",
    "first": "at first",
    "last": "at last",
    "per_hour": "growth per hour",
    "error": "standard error",
    "limit": "limit",
    "ok": "kept",
}
_SURE: Final = 2.0  # standard errors of the slope


@dataclass(frozen=True)
class Growth:
    """The growth of one figure per hour, and its limit."""

    what: str
    unit: str
    first: float  # the line's value at the first sample and at the last one
    last: float
    per_hour: float
    error: float  # standard error of per_hour
    limit: float

    @property
    def ok(self) -> bool:
        """Whether it does not surely grow faster than the limit."""
        return self.per_hour - _SURE * self.error <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"ok": self.ok}


def fit(what: str, unit: str, samples: Sequence[tuple[float, float]], *, limit: float) -> Growth:
    """Fit a line to samples of (seconds, value). Raises ValueError for fewer than three.

    Neighbouring samples of memory resemble each other, so the error is that of a tenth as many.
    """
    if len(samples) < 3:
        raise ValueError(f"{what}: {len(samples)} samples are too few")
    count = len(samples)
    mean_x = sum(x for x, _ in samples) / count
    mean_y = sum(y for _, y in samples) / count
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread
    rest = sum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in samples)
    error = math.sqrt(rest / (count - 2) / spread) * math.sqrt(10)
    first, last = samples[0][0], samples[-1][0]
    return Growth(
        what=what,
        unit=unit,
        first=mean_y + slope * (first - mean_x),
        last=mean_y + slope * (last - mean_x),
        per_hour=slope * 3600,
        error=error * 3600,
        limit=limit,
    )


def as_markdown(growths: Sequence[Growth]) -> str:
    """A table of all of them."""
    return "\n".join(table([growth.as_dict() for growth in growths], _COLUMNS))
