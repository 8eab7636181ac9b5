"""How many records the audit takes in a second, from so many who write at once.

    python -m benchmarks.audit [--writers 64] [--seconds 10] [--folder DIR]

The database is on the disk of --folder: what is measured is mostly how fast that makes a write
durable. Beside it stands what this disk does without an audit: small writes with fsync, one by one.
"""

import argparse
import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Alternative, Charge, Entry, Event, Kind
from signetd.daemon.state import open_database

_KEYS = 4
_TOKEN: Any = {"token": "hsm1", "token_serial": "00a1b2c3"}


def entry(writer: int) -> Entry:
    """Return the entry of one signature, with the counters of a key and of a grant."""
    key, minute = f"keys/key-{writer % _KEYS}", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")
    return Entry(
        event=Event(
            kind=Kind.USE,
            identity="spiffe://example.org/signing-application",
            operation="sign",
            request_id="0123456789abcdef",
            resource=key,
            key_version=1,
            **_TOKEN,
            algorithm="SM2_SM3",
            digest="ab" * 32,
            signature_digest="cd" * 32,
            allowed=True,
            result="OK",
        ),
        charges=(Charge(scope=key), Charge(scope=key, window=minute, limit=1 << 40)),
        alternatives=(Alternative(grant="0123456789abcdef"),),
        policy_version=1,
    )


async def measure(folder: Path, writers: int, seconds: float) -> tuple[list[float], int]:
    """Return how long each record took in seconds, sorted, and how many transactions there were."""
    database = open_database(folder / "state")
    ledger, latencies, groups = GroupLedger(database.audit("benchmark")), [], [0]
    await ledger.load("benchmark")
    ledger.on_written(lambda _: groups.__setitem__(0, groups[0] + 1))
    end = time.monotonic() + seconds

    async def write(writer: int) -> None:
        while (begun := time.monotonic()) < end:
            await ledger.write(entry(writer))
            latencies.append(time.monotonic() - begun)

    await asyncio.gather(*(write(each) for each in range(writers)))
    await ledger.close()
    database.close()
    return sorted(latencies), groups[0]


def syncs(folder: Path, seconds: float) -> float:
    """Return how many small writes with fsync the disk does in a second, one after the other."""
    count, end = 0, time.monotonic() + seconds
    with (folder / "syncs").open("wb", buffering=0) as file:
        while time.monotonic() < end:
            file.write(bytes(4096))
            os.fsync(file.fileno())
            count += 1
    return count / seconds


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        alone = syncs(folder, 1.0)
        begun = time.process_time()
        latencies, groups = asyncio.run(measure(folder, options.writers, options.seconds))
        used = time.process_time() - begun
    count = len(latencies)
    print(f"{options.writers} writers: {count / options.seconds:,.0f} records/s")
    print(f"latency p50 {latencies[count // 2] * 1000:.1f} ms, ", end="")
    print(f"p99 {latencies[count * 99 // 100] * 1000:.1f} ms; {count / groups:.1f} in a group")
    print(f"{used / count * 1e6:.0f} µs of processor time a record; {alone:,.0f} fsyncs/s alone")


if __name__ == "__main__":
    main()
