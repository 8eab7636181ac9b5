"""``python -m tests.crashes``: daemons and databases are killed under load, and what follows."""

import argparse
import secrets
import sys
from functools import partial
from pathlib import Path

from tests.chaos.document import write_between_markers
from tests.chaos.processes import clean_up_on_sigterm
from tests.crashes import clusters, disk, fillings, show
from tests.crashes.run import run

_RUNS = {
    "sqlite": partial(run, clusters.sqlite),
    "postgresql": partial(run, clusters.postgres),
    "full-disk": partial(disk.run, fillings.small_disk),
    "file-size": partial(disk.run, fillings.size_limit),
}


def main() -> int:
    """Run; the exit code is 1 when something is not as it must be."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    print(f"{options.rounds} rounds of {options.what}; again: --seed {seed}")
    result = _RUNS[options.what](rounds=options.rounds, seed=seed, say=_say)
    print(show.as_text(result))
    if options.markdown:
        command = f"`make crashes ROUNDS={options.rounds} WHAT={options.what} SEED={seed}`"
        text = f"The last run: {command}\n\n{show.as_markdown(result)}"
        write_between_markers(options.markdown, f"crashes {options.what}", text)
    return 0 if result.ok else 1


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="how many crashes (default 50)")
    parser.add_argument("--what", choices=sorted(_RUNS), default="sqlite")
    parser.add_argument("--seed", type=int, help="the seed of a run to be repeated")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
