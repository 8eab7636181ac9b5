"""The kinds of load: how requests come, and what they are to each server.

A further kind is one more entry of KINDS. What its requests look like on the wire is said in
``requests.py``; ``generator.py`` starts the program that sends them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_BATCHES_AT_ONCE: Final = 4
"""Batches in flight: enough that the server has the next one when it has answered one."""


@dataclass(frozen=True)
class Load:
    """So many requests in flight, each of so many signatures.

    With *streams* the requests are items, as many in flight in all of them together; each is a
    message of its own, unless it *gathers* what waits into one.
    """

    kind: str
    in_flight: int
    size: int = 1
    streams: int = 0
    gathers: bool = False

    @property
    def shown(self) -> str:
        """Its name in tables: ``unary 16``, ``batch 4 × 100``, ``stream 1 × 16 gathered``."""
        if self.streams:
            gathered = " gathered" if self.gathers else ""
            return f"{self.kind} {self.streams} × {self.in_flight // self.streams}{gathered}"
        size = f" × {self.size}" if self.size > 1 else ""
        return f"{self.kind} {self.in_flight}{size}"

    @property
    def for_reference(self) -> "Load":
        """The load that a reference server is put under beside it, which has no streams."""
        return _BESIDE_STREAMS if self.streams else self


_BESIDE_STREAMS: Final = Load("unary", 16)

KINDS: Final[dict[str, tuple[Load, ...]]] = {
    "unary": tuple(Load("unary", in_flight) for in_flight in (1, 16, 64)),
    "batch": tuple(Load("batch", _BATCHES_AT_ONCE, size) for size in (10, 100)),
    "stream": (
        Load("stream", 16, streams=1),
        Load("stream", 64, streams=4),
        Load("stream", 100, streams=1, gathers=True),
    ),
}
"""The loads of each kind."""

QUICK: Final = (
    Load("unary", 1),
    Load("unary", 16),
    Load("batch", _BATCHES_AT_ONCE, 100),
    Load("stream", 64, streams=4),
    Load("stream", 100, streams=1, gathers=True),
)
"""Those of the quick mode."""


def chosen(kinds: Sequence[str], *, quick: bool = False) -> tuple[Load, ...]:
    """Return the loads of these kinds; those of the quick mode only, where that is wanted."""
    loads = tuple(load for kind in kinds for load in KINDS.get(kind, ()))
    return tuple(load for load in loads if load in QUICK) if quick else loads
