"""A greedy client beside polite ones: what is left to those."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Group, Result
from tests.chaos.document import table

_POLITE: Final = 5
_GREEDY: Final = 200  # requests that it has under way at once
# Six clients share the token where five did: 5/6 is left to each when it is shared equally.
_RATE: Final = 0.6

_LISTENER = """
[[listener]]
unix = "{name}"
identity = "{name}"
"""
_NAMES: Final = [f"polite{number}" for number in range(_POLITE)]
# Each client is somebody else to the daemon: it has a socket, and so an identity, of its own.
SIGNERS: Final = (*_NAMES, "greedy")
LISTENERS: Final = "".join(_LISTENER.format(name=name) for name in SIGNERS)


@dataclass(frozen=True)
class Fairness:
    """The polite clients without the greedy one, and with it."""

    alone: Result
    beside: Result
    greedy: Result

    @property
    def share(self) -> float:
        """Which part of their rate the polite ones keep."""
        return self.beside.goodput / self.alone.goodput

    def problems(self) -> list[str]:
        """Whether the target is missed."""
        found = [f"{n} × {what}" for what, n in self.beside.failures.items()]
        if self.share < _RATE:
            found.append(f"polite clients keep {self.share:.0%} of their rate, not {_RATE:.0%}")
        if self.beside.refused:
            found.append(f"polite clients were refused {self.beside.refused} times")
        return [f"fairness: {problem}" for problem in found]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"share": self.share, "rows": self._rows()}

    def as_lines(self) -> list[str]:
        """A table."""
        columns = {
            "who": "clients",
            "rate": "signatures (1/s)",
            "p50": "median (ms)",
            "p99": "p99 (ms)",
            "refused": "refused",
        }
        return table(self._rows(), columns)

    def _rows(self) -> list[dict[str, Any]]:
        return [
            _row(f"{_POLITE} polite ones alone, 1 request each", self.alone),
            _row("the same beside the greedy one", self.beside),
            _row(f"the greedy one, {_GREEDY} requests", self.greedy),
        ]


def _row(who: str, result: Result) -> dict[str, Any]:
    return {
        "who": who,
        "rate": result.goodput,
        "p50": result.percentile(0.5) * 1000,
        "p99": result.percentile(0.99) * 1000,
        "refused": f"{result.refused_share:.0%}",
    }


def measure_fairness(folder: Path, key: str, seconds: float) -> Fairness:
    """Measure the polite clients alone, then with the greedy one beside them."""
    sockets = [folder / name for name in _NAMES]
    alone = Group(sockets, key=key, clients=_POLITE, seconds=seconds, processes=1).result()
    greedy = Group([folder / "greedy"], key=key, clients=_GREEDY, seconds=seconds + 2)
    beside = Group(sockets, key=key, clients=_POLITE, seconds=seconds, processes=1)
    return Fairness(alone, beside.result(), greedy.result())
