"""``python -m benchmarks.seals``: whether lists, status and stamps stay as fast with many seals.

Two daemons, each with a token (SoftHSM) and SQLite on a disk, one with 10 seals in use and one with
10,000, are asked the same by turns, call by call, so that whatever else runs strikes both alike.
Then a key is reported as compromised that 1,001 seals are stamped with, and one of 10,000. Exits
with 1 when something takes more than 1.1 times as long with many, or a report is seen half done.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter
from typing import Any, Final

from benchmarks.seal_register import Register, copied
from signetd.api.v1 import seal_service_pb2 as seals
from signetd.daemon.keys.checks import page_token_after
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm
from tests.integration.attack.scene import scene
from tests.integration.stamps.conftest import PEOPLE, Office, order
from tests.unit.daemon.seals import samples

MAX_RATIO: Final = 1.1
_FEW: Final = 10
_THOUSAND: Final = 1001


def _page(register: Register, **fields: Any) -> None:
    found = register.ask("ListSeals", seals.ListSealsRequest(page_size=5, **fields)).seals
    if len(found) != 5:
        raise RuntimeError(f"a page has {len(found)} seals, not 5; mend the data here")


def _status(register: Register, **which: Any) -> None:
    if not register.ask("GetSealStatus", seals.GetSealStatusRequest(**which)).good:
        raise RuntimeError("the seal should be good; mend the data here")


def _stamp(register: Register) -> None:
    register.ask("Stamp", order(register.name), "stamper")


_CALLS: Final[dict[str, Callable[[Register], Any]]] = {
    "ListSeals, the first 5": _page,
    "ListSeals, 5 from the middle": lambda each: _page(
        each, page_token=page_token_after(copied(each.count // 2))
    ),
    "ListSeals, 5 in use": lambda each: _page(each, states=[seals.SEAL_STATE_IN_USE]),
    "ListSeals, 5 of an owner": lambda each: _page(each, unified_social_credit_code=samples.CODE),
    "GetSeal": lambda each: each.ask("GetSeal", seals.GetSealRequest(name=each.probe.name)),
    "GetSealStatus by name": lambda each: _status(each, name=each.probe.name),
    "GetSealStatus by code": lambda each: _status(each, seal_id=each.probe.seal_id),
    "GetSealStatus by SM3": lambda each: _status(each, sm3=each.probe.sm3),
    "Stamp": _stamp,
}


@dataclass
class Pair:
    """What a call took in each round, with few seals and with many: medians, in seconds."""

    few: list[float] = field(default_factory=list)
    many: list[float] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        """How many times as long it took with many, round by round."""
        return [many / few for few, many in zip(self.few, self.many, strict=True)]


def measure(few: Register, many: Register, rounds: int, calls: int) -> dict[str, Pair]:
    """Make every call so often in each round, in turns; each turn begins with the other one."""
    found = {name: Pair() for name in _CALLS}
    for call in _CALLS.values():  # what is remembered from then on is remembered by both
        _turns(few, many, call, 3)
    for _ in range(rounds):
        for name, call in _CALLS.items():
            times = _turns(few, many, call, calls)
            found[name].few.append(median(times[few]))
            found[name].many.append(median(times[many]))
    return found


def _turns(
    few: Register, many: Register, call: Callable[[Register], Any], calls: int
) -> dict[Register, list[float]]:
    times: dict[Register, list[float]] = {few: [], many: []}
    for number in range(calls):
        for each in (few, many) if number % 2 == 0 else (many, few):
            start = perf_counter()
            call(each)
            times[each].append(perf_counter() - start)
    return times


class Watch:
    """Counts by a connection of its own, all the time, how many seals are suspended."""

    def __init__(self, register: Register) -> None:
        self.seen: set[int] = set()
        self._register = register
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._look_once()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(30)
        self._look_once()

    def _look(self) -> None:
        while not self._over.is_set():
            self._look_once()

    def _look_once(self) -> None:
        query = "select count(*) from seals where state = 'SUSPENDED'"
        self.seen.add(self._register.rows(query)[0][0])


def compromise(register: Register) -> dict[str, Any]:
    """Report the key of all seals; return a row of the table."""
    request = seals.ReportKeyCompromiseRequest(key=f"keys/{register.key}", reason="stolen")
    with Watch(register) as watch:
        start = perf_counter()
        suspended = register.ask("ReportKeyCompromise", request, "reviewer").suspended
        seconds = perf_counter() - start
    events = "select count(*), count(distinct time) from seal_events where act = 'compromise'"
    records = (
        "select count(*) from audit_records where operation = 'SealService/ReportKeyCompromise'"
    )
    whole = (
        watch.seen == {0, register.count}
        and len(suspended) == register.count
        and register.rows(events) == [(register.count, 1)]
        and register.rows(records) == [(1,)]
    )
    return {"seals of the key": register.count, "seconds": seconds, "one transaction": whole}


def _row(name: str, pair: Pair) -> dict[str, Any]:
    ratios = pair.ratios
    return {
        "call": name,
        "few": median(pair.few) * 1000,
        "many": median(pair.many) * 1000,
        "ratio": f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
    }


def run(options: argparse.Namespace) -> tuple[dict[str, Pair], list[dict[str, Any]]]:
    """Measure."""
    with ExitStack() as stack:
        few, many = (
            Register(Office(stack.enter_context(scene(*PEOPLE))), count)
            for count in (_FEW, options.seals)
        )
        found = measure(few, many, options.rounds, options.calls)
        few.fill(min(_THOUSAND, options.seals))
        return found, [compromise(few), compromise(many)]


def problems(pairs: dict[str, Pair], reports: Sequence[dict[str, Any]]) -> list[str]:
    """Return which targets are missed."""
    found = [
        f"{name}: {median(pair.ratios):.2f} times as long, not {MAX_RATIO:g}"
        for name, pair in pairs.items()
        if median(pair.ratios) > MAX_RATIO
    ]
    return found + [
        f"the report on {each['seals of the key']} seals is not one transaction"
        for each in reports
        if not each["one transaction"]
    ]


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    pairs, reports = run(options)
    heads = {
        "call": "call",
        "few": "10 seals (ms)",
        "many": f"{options.seals:,} (ms)",
        "ratio": "×",
    }
    found = problems(pairs, reports)
    lines = [*table([_row(*each) for each in pairs.items()], heads), ""]
    lines += [*table(reports, {name: name for name in reports[0]}), ""]
    lines += [f"- Not met: {problem}." for problem in found]
    lines += [] if found else [f"At most {MAX_RATIO:g} times as long, each report at once: met."]
    text = "\n".join(lines)
    print(f"{options.rounds} rounds of {options.calls} calls\n\n{text}")
    if options.markdown:
        write_between_markers(options.markdown, "seal-cost", text)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seals")
    parser.add_argument("--seals", type=int, default=10_000, help="in the larger one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=60, help="of each kind in a round")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
