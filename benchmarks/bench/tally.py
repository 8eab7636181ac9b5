"""What a load generator's process sees."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Latencies in seconds, the time that it called for, and failures."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
