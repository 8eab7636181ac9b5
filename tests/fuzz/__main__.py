"""``python -m tests.fuzz --runs 1000000``: both parsers under atheris; exits with 1 if it finds.

`make fuzz` makes the environment with atheris, and calls this.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.chaos.document import table, write_between_markers
from tests.fuzz import campaign
from tests.fuzz.campaign import Campaign

_COLUMNS: Final = {
    "what": "fuzzed",
    "inputs": "inputs",
    "read": "of them read",
    "edges": "edges covered",
    "kept": "inputs kept",
    "crashes": "crashes, hangs",
    "slowest": "slowest input (ms)",
    "peak": "peak memory (MiB)",
    "growth": "growth (MiB)",
    "seconds": "time (s)",
}


def main() -> int:
    """Run the campaigns, both at a time."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="signetd-fuzz-"))
    print(f"{options.runs} inputs for each of {', '.join(campaign.KINDS)} …", flush=True)
    with ThreadPoolExecutor(len(campaign.KINDS)) as pool:
        started = [
            pool.submit(campaign.run, kind, options.runs, options.seed, folder / kind)
            for kind in campaign.KINDS
        ]
    found = [each.result() for each in started]
    text = _as_markdown(found)
    print(text)
    if options.markdown:
        command = f"make fuzz RUNS={options.runs} SEED={options.seed}"
        write_between_markers(options.markdown, "fuzz", f"The last run: `{command}`\n\n{text}")
    problems = [each for one in found for each in one.problems()]
    if problems:
        print(f"What was found, and the logs: {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


def _as_markdown(found: Sequence[Campaign]) -> str:
    problems = [f"- {each}" for one in found for each in one.problems()]
    rows = [one.as_row() for one in found]
    return "\n".join([*table(rows, _COLUMNS), "", *(problems or ["Passed."])])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000, help="inputs for each parser")
    parser.add_argument("--seed", type=int, default=1, help="the same seed begins the same way")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
