"""What a fault class is: how it is made to befall a token or its workers, and how it ends."""

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.chaos.target import Target

_REPLACEMENT: Final = 10.0  # seconds: a daemon may make a pause before it starts a worker

Apply = Callable[[Target, Random], str]


def _no_rules(target: Target) -> None:
    target.faults()


@dataclass(frozen=True)
class Fault:
    """One class. ``apply`` returns what it did; ``clear`` makes the token well again."""

    name: str
    apply: Apply = field(repr=False)
    clear: Callable[[Target], None] = field(default=_no_rules, repr=False)
    hold: tuple[float, float] = (0.3, 1.5)  # seconds from apply to clear
    limit: float = 30.0  # seconds after which it counts as not survived
    operator: bool = False  # by design only an operator ends it: a refused PIN, a key in quarantine
    wrong_pins: int = 0  # how many times, at most, the token may count a wrong PIN


def rules(target: Target, *lines: str) -> str:
    """Have the token fail by these rules; return them, for the report."""
    target.faults(*lines)
    return "; ".join(lines)


def then_kill(target: Target, random: Random, rule: str) -> str:
    """Faults of opening are met by new workers only, and not before such a one is started."""
    said, calls = rules(target, rule), target.bytes_of_calls
    pid = target.signal_worker(signal.SIGKILL, random)
    met = target.await_call(rule.split()[0], calls, _REPLACEMENT)
    return f"{said}; killed {pid}" + ("" if met else ", and no new worker met the fault")
