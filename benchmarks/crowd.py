"""``python -m benchmarks.crowd``: what signing costs with many keys and grants.

Two daemons with SQLite on a disk are put under the same loads by turns: one with a few keys and
grants, and one into whose database 10,000 of each were written. Exits with 1 when the crowded one
is slower, or takes more processor time, by more than a tenth, or a request fails.
"""

import argparse
import hashlib
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benchmarks.audit_cost import row
from benchmarks.pairs import WORKERS, Load, Pair, Served, compare
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm

_MANY: Final = 10_000
_MORE: Final = 1.1
_NULL: Final = "C_Sign null"
LOADS: Final = (
    *(Load("instant", "rsa", clients, fault=_NULL) for clients in (1, 16)),
    Load("instant", "rsa", 2, batch=100, fault=_NULL),
)


def fill(database: Path, count: int) -> None:
    """Add so many keys and grants to a daemon's database, which may be running.

    They are like the first of each. Every second grant is for the identity that signs and one key,
    the others are for it too, with patterns that many keys match but not the one it signs with.
    """
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        key, grant = (_first(connection, name) for name in ("keys", "grants"))
        _insert(connection, "keys", (key | each for each in _keys(count)))
        _insert(connection, "grants", (grant | each for each in _grants(count)))
        connection.execute("UPDATE policy_version SET version = version + 1")


def _first(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    found = connection.execute(f"SELECT * FROM {name} LIMIT 1")  # noqa: S608  # names of ours
    names = [column[0] for column in found.description]
    return dict(zip(names, found.fetchone(), strict=True))


def _keys(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        public = ec.derive_private_key(number + 1, ec.SECP256R1()).public_key()
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        yield {
            "id": f"crowd-{number:05d}",
            "key_type": "EC_P256",
            "default_algorithm": "ECDSA_P256_SHA256",
            "cka_id": number.to_bytes(20, "big"),
            "spki": spki,
            "fingerprint": hashlib.sha256(spki).hexdigest(),
        }


def _grants(count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        keys = f"crowd-{number:05d}" if number % 2 else f"crowd-{number % 100:02d}*"
        yield {"id": f"{number:032x}", "keys": keys}


def _insert(connection: sqlite3.Connection, name: str, rows: Iterator[dict[str, Any]]) -> None:
    values = [tuple(row.values()) for row in rows]
    places = ", ".join("?" * len(values[0]))
    connection.executemany(f"INSERT INTO {name} VALUES ({places})", values)  # noqa: S608  # as above


def problems(pairs: Sequence[Pair]) -> list[str]:
    """Return which targets are missed."""
    found = [f"{pair.load.name}: {pair.failures} failures" for pair in pairs if pair.failures]
    for pair in pairs:
        longer = 1 / pair.ratio(lambda sample: sample.result.goodput)
        dearer = pair.ratio(lambda sample: sample.each)
        for what, times in (("time", longer), ("processor time", dearer)):
            if times > _MORE:
                found.append(f"{pair.load.shown} in flight: {times:.2f} times the {what}")
    return found


def run(options: argparse.Namespace) -> list[Pair]:
    """Measure."""
    here = Path(__file__).resolve().parent.parent
    with (
        TemporaryDirectory(prefix=".cost-", dir=options.folder or here) as name,
        closing(Served(here, Path(name, "few"))) as few,
        closing(Served(here, Path(name, "many"))) as many,
    ):
        fill(Path(name, "many", "state", "signetd.db"), options.count)
        return compare(few, many, LOADS, options.rounds, options.seconds)


def main() -> int:
    """Measure and print; the exit code is 1 when a target is missed."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    pairs = run(options)
    rows, found = [row(pair) for pair in pairs], problems(pairs)
    lines = [*table(rows, {name: name.replace(" ratio", " ×") for name in rows[0]}), ""]
    lines += [f"- Not met: {problem}" for problem in found] or ["At most a tenth more: met."]
    text = "\n".join(lines)
    head = f"{options.count} keys and grants, {WORKERS} workers, {options.rounds} rounds"
    print(f"{head} of {options.seconds:g} s\n\n{text}")
    if options.markdown:
        write_between_markers(options.markdown, "crowd-cost", text)
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd")
    parser.add_argument("--count", type=int, default=_MANY, help="keys, and grants")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="each measurement (default 2)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="on the disk to be used")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
