"""The command line of the bench: which parts, and how long."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.bench import algorithms, loads
from benchmarks.bench.loads import Load
from benchmarks.bench.rounds import Plan

_OTHERS: Final = ("instant", "start")
_TRANSPORTS: Final = ("unix", "mtls")
_SWITCH: Final = ("on", "off")
_MAX_WORKERS: Final = 64
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Mode:
    """What is measured where nothing else is said."""

    algorithms: str
    transports: str
    workers: str
    rounds: int
    seconds: float
    verification: str


FULL: Final = Mode("SM2,RSA-2048,P-256,Ed25519", "unix,mtls", "1,2", 5, 2.0, "on,off")
QUICK: Final = Mode("SM2,P-256", "unix", "2", 2, 1.0, "on")
KEYS: Final = 500
"""Keys of the token that a daemon is started on."""


@dataclass(frozen=True)
class Options:
    """What is wanted."""

    plan: Plan
    own_loads: Sequence[Load]
    instant: bool
    keys: int  # of the token that a daemon is started on; 0: it is not
    refserver: Path | None
    loadgen: Path | None
    folder: Path | None
    json: Path | None
    markdown: Path | None
    command: str


def read(arguments: Sequence[str]) -> Options:
    """Read a command line. Raises ValueError that names the option and what it may be."""
    given = _parser().parse_args(arguments)
    mode = QUICK if given.quick else FULL
    what = words("what", given.what or ",".join((*loads.KINDS, *_OTHERS)), (*loads.KINDS, *_OTHERS))
    plan = Plan(
        algorithms=algorithms.chosen(_split(given.algorithms or mode.algorithms)),
        loads=loads.chosen(what, quick=given.quick),
        transports=words("transports", given.transports or mode.transports, _TRANSPORTS),
        workers=counts("workers", given.workers or mode.workers, _MAX_WORKERS),
        rounds=_positive("rounds", given.rounds, mode.rounds),
        seconds=_positive("seconds", given.seconds, mode.seconds),
        verification=[
            word == "on"
            for word in words("verification", given.verification or mode.verification, _SWITCH)
        ],
    )
    return Options(
        plan=plan,
        own_loads=loads.chosen([*loads.KINDS], quick=given.quick),
        instant="instant" in what,
        keys=_positive("keys", given.keys, KEYS) if "start" in what else 0,
        refserver=_program("refserver", given.refserver),
        loadgen=_program("loadgen", given.loadgen),
        folder=given.folder,
        json=given.json,
        markdown=given.markdown,
        command=" ".join(["make bench", *_as_variables(given)]),
    )


def words(name: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Read words with commas between. Raises ValueError for one that is not known."""
    found = _split(text)
    unknown = [word for word in found if word not in known]
    if unknown or not found:
        raise ValueError(
            f"{name}: {', '.join(unknown) or 'nothing'}; choose from {', '.join(known)}"
        )
    return tuple(dict.fromkeys(found))


def counts(name: str, text: str, most: int) -> tuple[int, ...]:
    """Read whole numbers from 1 to *most* with commas between. Raises ValueError."""
    found = _split(text)
    if not found or not all(word.isdecimal() and 1 <= int(word) <= most for word in found):
        raise ValueError(f"{name}: {text}; give whole numbers from 1 to {most}, such as 1,2")
    return tuple(dict.fromkeys(map(int, found)))


def _split(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _positive(name: str, given: _Number | None, default: _Number) -> _Number:
    value = default if given is None else given
    if not 0 < value <= 100_000:
        raise ValueError(f"{name}: {value}; give a number over 0 and up to 100000")
    return value


def _program(name: str, path: Path | None) -> Path | None:
    if path is not None and not path.is_file():
        raise ValueError(f"{name}: there is no program {path}")
    return None if path is None else path.resolve()


def _as_variables(given: argparse.Namespace) -> list[str]:
    """Return how make is called for the same; programs by their names alone."""
    shown = {
        "QUICK": "1" if given.quick else "",
        "WHAT": given.what,
        "ALGORITHMS": given.algorithms,
        "TRANSPORTS": given.transports,
        "WORKERS": given.workers,
        "VERIFICATION": given.verification,
        "SECONDS_": "" if given.seconds is None else f"{given.seconds:g}",
        "ROUNDS": given.rounds,
        "KEYS": given.keys,
        "REFSERVER": given.refserver and given.refserver.name,
        "LOADGEN": given.loadgen and given.loadgen.name,
    }
    return [f"{name}={str(value).replace(' ', '')}" for name, value in shown.items() if value]


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.bench")
    made.add_argument("--quick", action="store_true", help="a part of it, in less than 2 minutes")
    made.add_argument("--what", help=f"of {','.join((*loads.KINDS, *_OTHERS))} (default all)")
    made.add_argument("--algorithms", help=f"default {FULL.algorithms}; quick {QUICK.algorithms}")
    made.add_argument("--transports", help=f"default {FULL.transports}; quick {QUICK.transports}")
    made.add_argument("--workers", help=f"default {FULL.workers}; quick {QUICK.workers}")
    made.add_argument(
        "--verification", help=f"default {FULL.verification}; quick {QUICK.verification}"
    )
    made.add_argument("--rounds", type=int, help=f"default {FULL.rounds}; quick {QUICK.rounds}")
    made.add_argument("--seconds", type=float, help=f"each (default {FULL.seconds:g})")
    made.add_argument("--keys", type=int, help=f"for the start (default {KEYS})")
    made.add_argument("--refserver", type=Path, metavar="FILE", help="a reference server")
    made.add_argument("--loadgen", type=Path, metavar="FILE", help="a load generator")
    made.add_argument("--folder", type=Path, metavar="DIR", help="on the disk to be used")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    made.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return made
