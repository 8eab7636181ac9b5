"""Sums up a profile by parts of the program."""

import pstats
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PARTS: Final = {
    "signetd/daemon/rpc/": "dispatch, requests and replies",
    "signetd/daemon/config/": "dispatch, requests and replies",
    "signetd/daemon/credentials/": "dispatch, requests and replies",
    "signetd/daemon/policy/": "gate",
    "signetd/daemon/keys/": "gate",
    "signetd/daemon/signing/": "desk",
    "signetd/daemon/approvals/": "desk",
    "signetd/gm/": "desk",
    "signetd/drivers/": "frames to and from workers",
    "signetd/daemon/audit/": "ledger",
    "signetd/daemon/state/": "ledger",
    "sqlalchemy/": "ledger",
    "signetd/daemon/logs": "log",
    "structlog/": "log",
    "json/": "log",
    "logging/": "log",
    "grpc": "grpc",
    "asyncio/": "asyncio",
    "google/": "protobuf",
}
"""What is in a file's path, and the part that it belongs to; the first that fits counts."""
LOOP: Final = "event loop: gRPC's core, sockets, waiting"
_BUILT_IN: Final = "built-in functions"
_OTHER: Final = "others"
_NO_FILE: Final = "~"

Function = tuple[str, int, str]


def part_of(function: Function) -> str:
    """Return the part that a function of a profile belongs to."""
    file, _, name = function
    if file == _NO_FILE:
        return LOOP if "uvloop" in name or "run_until_complete" in name else _BUILT_IN
    return next((part for piece, part in PARTS.items() if piece in file), _OTHER)


def own_times(file: Path) -> dict[Function, float]:
    """Return the seconds that each function of a profile took by itself."""
    stats = pstats.Stats(str(file))
    found: Mapping[Function, tuple[int, int, float, float, object]] = stats.stats  # type: ignore[attr-defined]
    return {function: figures[2] for function, figures in found.items()}


def by_part(times: Mapping[Function, float]) -> dict[str, float]:
    """Return the seconds of each part, the longest first."""
    found: dict[str, float] = {}
    for function, seconds in times.items():
        part = part_of(function)
        found[part] = found.get(part, 0.0) + seconds
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def longest(times: Mapping[Function, float], number: int) -> list[tuple[str, float]]:
    """Return the functions that took longest by themselves, but for the event loop."""
    own = [each for each in times.items() if part_of(each[0]) != LOOP]
    own.sort(key=lambda item: -item[1])
    return [(shown(function), seconds) for function, seconds in own[:number]]


def shown(function: Function) -> str:
    """Write a function's name with the last two parts of its file's path."""
    file, line, name = function
    if file == _NO_FILE:
        return name
    return f"{'/'.join(Path(file).parts[-2:])}:{line} {name}"
