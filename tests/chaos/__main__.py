"""``python -m tests.chaos``: faults at random, clients that keep signing, and a report."""

import argparse
import json
import secrets
import sys
from pathlib import Path

from tests.chaos import show
from tests.chaos.catalogue import catalogue
from tests.chaos.document import write_between_markers
from tests.chaos.faults import Fault
from tests.chaos.processes import clean_up_on_sigterm
from tests.chaos.run import run


def main() -> int:
    """Run; the exit code is 1 when something that must be 0 is not."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    faults = _chosen(options.only)
    print(f"chaos for {options.seconds:g} s, {len(faults)} fault classes; again: --seed {seed}")
    result = run(faults, seconds=options.seconds, seed=seed, say=_say)
    print(show.as_text(result))
    if options.json:
        options.json.write_text(json.dumps(show.as_json(result), indent=1, ensure_ascii=False))
    if options.markdown:
        command = f"`make chaos SECONDS_={options.seconds:g} SEED={seed}`"
        if options.only:
            command += f", and of the fault classes only {', '.join(f.name for f in faults)}"
        text = f"The last run: {command}\n\n{show.as_markdown(result)}"
        write_between_markers(options.markdown, "chaos", text)
    return 0 if result.ok else 1


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long (default 180)")
    parser.add_argument("--seed", type=int, help="the seed of a run to be repeated")
    parser.add_argument("--only", action="append", help="fault classes with this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the tables into a file")
    return parser


def _chosen(words: list[str] | None) -> list[Fault]:
    chosen = [f for f in catalogue() if not words or any(word in f.name for word in words)]
    if not chosen:
        raise SystemExit("there is no such fault class: " + ", ".join(f.name for f in catalogue()))
    return chosen


if __name__ == "__main__":
    sys.exit(main())
