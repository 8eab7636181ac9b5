"""Sums up a profile by parts of the program."""

import pstats
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
_BUILT_IN: Final = "built-in functions"
_OTHER: Final = "others"
_NO_FILE: Final = "~"

Function = tuple[str, int, str]
"""File, line and name; those that are built in have the file ``~``."""


@dataclass(frozen=True)
class Times:
    """Seconds that a function took by itself, and of these: when each caller called it."""

    own: float
    by_caller: Mapping[Function, float]


def read(file: Path) -> dict[Function, Times]:
    """Read a profile."""
    found: dict[Function, Any] = pstats.Stats(str(file)).stats  # type: ignore[attr-defined]
    return {
        function: Times(own, {caller: figures[2] for caller, figures in callers.items()})
        for function, (_, _, own, _, callers) in found.items()
    }


def part_of(function: Function) -> str:
    """Return the part that a function of a profile belongs to."""
    file = function[0]
    if file == _NO_FILE:
        return _BUILT_IN
    return next((part for piece, part in PARTS.items() if piece in file), _OTHER)


def by_part(profile: Mapping[Function, Times]) -> dict[str, float]:
    """Return the seconds of each part, the longest first.

    What is built in belongs to the part that has called it.
    """
    found: dict[str, float] = defaultdict(float)
    for function, times in profile.items():
        if function[0] != _NO_FILE:
            found[part_of(function)] += times.own
            continue
        for caller, seconds in times.by_caller.items():
            found[part_of(caller)] += seconds
        found[_BUILT_IN] += times.own - sum(times.by_caller.values())
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def longest(profile: Mapping[Function, Times], number: int) -> list[tuple[str, float]]:
    """Return the functions that took longest by themselves, and their seconds."""
    ordered = sorted(profile.items(), key=lambda item: -item[1].own)
    return [(shown(function), times.own) for function, times in ordered[:number]]


def shown(function: Function) -> str:
    """Write a function's name with the last two parts of its file's path."""
    file, line, name = function
    if file == _NO_FILE:
        return name
    return f"{'/'.join(Path(file).parts[-2:])}:{line} {name}"
