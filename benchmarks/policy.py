"""How long a decision takes with 10 grants, and with 10,000 over 1,000 keys.

In both, each of ten identities may use each of a thousand keys by exactly one grant that has
conditions; the ratio of the two times must not exceed 2. Exits with 1 when it does.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from signetd.daemon.policy.evaluate import decide
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import (
    Conditions,
    Credential,
    Grant,
    Identity,
    KeyPurpose,
    Operation,
    Role,
    Schedule,
)
from signetd.daemon.policy.use import Use
from signetd.drivers.types import Algorithm
from tests.chaos.document import table, write_between_markers

_NOW = datetime(2026, 11, 25, 13, 45, tzinfo=UTC)
_IDENTITIES = [f"app-{number}" for number in range(10)]
_KEYS = [f"key-{number}" for number in range(1000)]
_USES = 20_000
_ROUNDS = 7
_MAX_RATIO = 2.0
_CONDITIONS = Conditions(
    algorithms=frozenset({Algorithm.SM2_SM3}),
    not_before=datetime(2026, 1, 1, tzinfo=UTC),
    schedule=Schedule(start=time(8), end=time(22), time_zone="Asia/Shanghai"),
)


def _identity(name: str) -> Identity:
    return Identity(
        name=name,
        roles=frozenset({Role.SIGNER}),
        credential=Credential.COMMON_NAME,
        create_time=_NOW,
        update_time=_NOW,
    )


def _snapshot(pairs: Sequence[tuple[str, str]]) -> Snapshot:
    grants = [
        Grant(
            id=f"g{number}",
            identity=identity,
            keys=keys,
            operations=frozenset({Operation.SIGN}),
            conditions=_CONDITIONS,
            create_time=_NOW,
            creator="admin",
        )
        for number, (identity, keys) in enumerate(pairs)
    ]
    return Snapshot(1, map(_identity, _IDENTITIES), (), grants)


def _uses() -> list[Use]:
    chosen = random.Random(1)  # noqa: S311  # the same uses in every run
    return [
        Use(
            identity=chosen.choice(_IDENTITIES),
            key_id=chosen.choice(_KEYS),
            purpose=KeyPurpose.SIGNING,
            operation=Operation.SIGN,
            algorithm=Algorithm.SM2_SM3,
            moment=_NOW,
        )
        for _ in range(_USES)
    ]


def _microseconds(snapshot: Snapshot, uses: Sequence[Use]) -> float:
    """Return how long one decision takes, on average over *uses*, all of which are allowed."""
    start = perf_counter()
    allowed = sum(decide(snapshot, use).allowed for use in uses)
    if allowed != len(uses):
        raise RuntimeError(f"only {allowed} of {len(uses)} uses are allowed; mend the grants here")
    return (perf_counter() - start) / len(uses) * 1e6


def main() -> int:
    """Measure and print; each round measures both, so that what else runs strikes both."""
    options = _parser().parse_args()
    uses = _uses()
    few = _snapshot([(identity, "key-*") for identity in _IDENTITIES])
    many = _snapshot([(identity, key) for identity in _IDENTITIES for key in _KEYS])
    first = (_microseconds(few, uses), _microseconds(many, uses))
    rounds = [(_microseconds(few, uses), _microseconds(many, uses)) for _ in range(_ROUNDS)]
    ratio = median(slow / fast for fast, slow in rounds)
    later = median(fast for fast, _ in rounds), median(slow for _, slow in rounds)
    rows = [_row("the first", first, first[1] / first[0]), _row("later ones", later, ratio)]
    text = "\n".join([*table(rows, {name: name for name in rows[0]}), "", _verdict(ratio)])
    print(text)
    if options.markdown:
        write_between_markers(options.markdown, "policy-cost", text)
    return 0 if ratio <= _MAX_RATIO else 1


def _row(uses: str, microseconds: tuple[float, float], ratio: float) -> dict[str, Any]:
    few, many = microseconds
    return {"uses": uses, "10 grants (µs)": few, "10,000 (µs)": many, "times": ratio}


def _verdict(ratio: float) -> str:
    met = "met" if ratio <= _MAX_RATIO else f"not met: {ratio:.2f}"
    return f"Later ones at most {_MAX_RATIO:g} times: {met}."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policy")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
