"""What signetd shall reach, beside what it did: each row has its target, met or missed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

_NONE: Final = "–"
_MET: Final = "met"
_MISSED: Final = "missed"


@dataclass(frozen=True)
class _Ratio:
    """The least ratio to the reference server for some rows; *verified* None: both kinds."""

    algorithm: str
    load: str  # how its name begins, or all of it
    least: float
    verified: bool | None = None

    def is_for(self, row: Mapping[str, Any]) -> bool:
        is_load = row["load"] == self.load or row["load"].startswith(f"{self.load} ")
        is_kind = self.verified is None or row["verified"] is self.verified
        return row["algorithm"] == self.algorithm and is_load and is_kind


_RATIOS: Final = (
    _Ratio("RSA-2048", "batch 4 × 100", 1.1),
    _Ratio("P-256", "batch 4 × 100", 1.0, verified=False),
    _Ratio("SM2", "batch 4 × 100", 1.0, verified=False),
    _Ratio("RSA-2048", "stream", 0.95),
    _Ratio("SM2", "stream", 0.95, verified=False),
    _Ratio("P-256", "stream", 0.75, verified=False),
    _Ratio("RSA-2048", "unary 16", 0.8),
    _Ratio("SM2", "unary 16", 0.8, verified=False),
    _Ratio("SM2", "unary 16", 0.5, verified=True),
    _Ratio("P-256", "unary 16", 0.45),
)
_ADDED: Final = 600e-6
"""Most seconds that signetd may add to the token's own time, with one request in flight."""
_OWN: Final = {"unary": 300e-6, "batch": 25e-6}
"""Most processor seconds of the daemon for a signature of the instant token."""


def of_case(row: Mapping[str, Any]) -> str:
    """Write the target of a row, and whether it is met; a dash where there is none."""
    if row["added_latency"] is not None:
        return _judged(row["added_latency"] <= _ADDED, f"added ≤ {_ADDED * 1e3:.1f}")
    ratio = row["signetd_to_reference"]
    least = next((each.least for each in _RATIOS if each.is_for(row)), None)
    if ratio is None or least is None:
        return _NONE
    return _judged(ratio >= least, f"≥ {least:g}")


def of_own(row: Mapping[str, Any]) -> str:
    """The same for the instant token."""
    most = _OWN.get(row["load"].split()[0])
    if most is None:
        return _NONE
    return _judged(row["daemon_cpu_each"] <= most, f"CPU ≤ {most * 1e6:g}")


def summary(found: Mapping[str, Any]) -> str:
    """Count those that are met; "" where there are none."""
    judged = [*_all(found)]
    met = sum(each.endswith(_MET) for each in judged)
    return f"Targets met: {met} of {len(judged)}." if judged else ""


def _all(found: Mapping[str, Any]) -> Iterable[str]:
    cases = (of_case(row) for row in found.get("signatures", ()))
    own = (of_own(row) for row in found.get("instant", ()))
    return (each for each in (*cases, *own) if each != _NONE)


def _judged(is_met: bool, target: str) -> str:
    return f"{target} {_MET if is_met else _MISSED}"
