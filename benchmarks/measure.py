"""Starts client processes, and adds up what they saw."""

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MAX_PER_PROCESS = 100
_PROCESSES = 2


@dataclass(frozen=True)
class Result:
    """What so many clients saw in a time."""

    clients: int
    seconds: float
    latencies: list[float]  # of requests that gave signatures, sorted, in seconds
    refused: int
    refused_with_delay: int
    failures: Counter[str]
    batch: int  # signatures in each request
    made: int  # signatures, those of the settling time too

    @property
    def goodput(self) -> float:
        """Signatures per second."""
        return len(self.latencies) * self.batch / self.seconds

    @property
    def refused_share(self) -> float:
        """Which part of the answers were refusals."""
        answers = len(self.latencies) + self.refused + self.failures.total()
        return self.refused / answers if answers else 0.0

    def percentile(self, share: float) -> float:
        """Latency that this share of those requests kept below, in seconds."""
        if not self.latencies:
            return math.inf
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]


class Group:
    """Clients that have been started; ``result`` waits for them."""

    def __init__(
        self,
        sockets: Sequence[Path],
        *,
        key: str,
        clients: int,
        seconds: float,
        processes: int = _PROCESSES,
        batch: int = 1,
        same: bool = False,
    ) -> None:
        self._clients, self._batch = clients, batch
        count = min(clients, max(processes, -(-clients // _MAX_PER_PROCESS)))
        shares = [clients // count + (index < clients % count) for index in range(count)]
        self._processes = [
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "benchmarks.clients", *map(str, sockets)),
                    *("--key", key, "--clients", str(share), "--seconds", str(seconds)),
                    *("--batch", str(batch), *(["--same"] if same else [])),
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            for share in shares
        ]

    def result(self) -> Result:
        """Wait, and add up. Raises RuntimeError when a process failed."""
        tallies = []
        for process in self._processes:
            output, _ = process.communicate(timeout=300)
            if process.returncode != 0:
                raise RuntimeError("a client process failed; its message is above")
            tallies.append(json.loads(output))
        return Result(
            clients=self._clients,
            seconds=tallies[0]["seconds"],
            latencies=sorted(value for tally in tallies for value in tally["latencies"]),
            refused=sum(tally["refused"] for tally in tallies),
            refused_with_delay=sum(tally["refused_with_delay"] for tally in tallies),
            failures=sum((Counter(tally["failures"]) for tally in tallies), Counter()),
            batch=self._batch,
            made=sum(tally["made"] for tally in tallies),
        )


def measure(socket: Path, *, key: str, clients: int, seconds: float) -> Result:
    """Have so many clients sign for so long."""
    return Group([socket], key=key, clients=clients, seconds=seconds).result()
