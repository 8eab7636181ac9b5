"""The stages of one signature: from the moments at which its parts began and ended.

All moments are seconds of the machine's monotonic clock, which client, daemon and worker share.
With one request in flight everything comes one after the other, so the stages add up to what the
client waits.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final

Span = tuple[float, float]
Record = Mapping[str, Sequence[Span]]
"""What one process saw of one request: the spans of each part, by its name."""

STAGES: Final = (
    "grpc",
    "grpc: read",
    "dispatch",
    "gate",
    "desk",
    "frame to worker",
    "worker",
    "worker: token",
    "worker: verification",
    "frame back",
    "ledger",
    "reply",
)
"""In the order of a signature's way, but grpc, which is at both ends."""


class Recorder:
    """Gathers the spans of one request after the other, in one process."""

    def __init__(self) -> None:
        self._records: list[dict[str, list[Span]]] = []

    def begin(self) -> None:
        """The next request begins."""
        self._records.append({})

    def note(self, part: str, span: Span) -> None:
        """Add a span to the present request; what comes before the first one is forgotten."""
        if self._records:
            self._records[-1].setdefault(part, []).append(span)

    def write(self, file: Path) -> None:
        """Write all records as JSON."""
        file.write_text(json.dumps(self._records))


def split(client: Span, daemon: Record, worker: Record) -> dict[str, float]:
    """Return how long each stage of a request took, in seconds.

    Raises KeyError for a request that has not gone all the way.
    """
    call, desk, pool = daemon["call"][0], daemon["desk"][0], daemon["pool"][0]
    answer = worker["answer"][0]
    gate = total(daemon["gate"])
    gate_before = total([span for span in daemon["gate"] if span[0] < desk[0]])
    read, ledger = total(daemon["read"]), total(daemon["ledger"])
    token, verification = total(worker["token"]), total(worker["verification"])
    return {
        "grpc": length(client) - length(call),
        "grpc: read": read,
        "dispatch": desk[0] - call[0] - read - gate_before,
        "gate": gate,
        "desk": length(desk) - (gate - gate_before) - length(pool) - ledger,
        "frame to worker": answer[0] - pool[0],
        "worker": length(answer) - token - verification,
        "worker: token": token,
        "worker: verification": verification,
        "frame back": pool[1] - answer[1],
        "ledger": ledger,
        "reply": call[1] - desk[1],
    }


def medians(splits: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median of each stage over many requests."""
    return {stage: median(each[stage] for each in splits) for stage in STAGES}


def total(spans: Sequence[Span]) -> float:
    """Return how long spans last together."""
    return sum(map(length, spans))


def length(span: Span) -> float:
    """Return how long a span lasts."""
    return span[1] - span[0]
