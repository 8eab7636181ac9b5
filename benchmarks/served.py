"""A daemon for a measurement: ``python benchmarks/served.py FOLDER PROGRAM WORKERS``.

It says where it listens in one line of JSON; each line that it reads are faults of its token, and
it ends with its input. It is a program of its own so that it also runs the daemon of another
checkout: with that one's Python, in that one's folder.
"""

import json
import sys
from pathlib import Path

sys.path[0] = str(Path.cwd())  # the checkout to be measured, and not the folder of this file

from tests.chaos.processes import clean_up_on_sigterm  # noqa: E402
from tests.chaos.target import Target  # noqa: E402


def main() -> None:
    """Run a daemon, and do as told."""
    folder, program, workers = sys.argv[1:]
    clean_up_on_sigterm()
    target = Target(Path(folder), workers=int(workers))
    target.program = program
    try:
        target.launch()
        target.make_keys()
        print(json.dumps({"pid": target.pid, "socket": str(target.socket)}), flush=True)
        for line in sys.stdin:
            target.faults(*filter(None, [line.strip()]))
            print("{}", flush=True)
    finally:
        target.kill()


if __name__ == "__main__":
    main()
