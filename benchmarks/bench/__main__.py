"""``python -m benchmarks.bench``: the token, a reference server and signetd, side by side.

Everything is started here, measured by turns in one run, and given as ratios: the token by itself
is 1. Exits with 1 when requests failed. What the figures mean is in docs/performance.md.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench import instant, rounds, starting
from benchmarks.bench.generator import Generator
from benchmarks.bench.options import Options, read
from benchmarks.bench.report import Report, text
from tests.chaos.document import write_between_markers
from tests.chaos.processes import clean_up_on_sigterm


def run(options: Options) -> Report:
    """Measure what is wanted."""
    generator = Generator(options.loadgen)
    plan = options.plan
    report = Report(options.command, generator.name, plan.rounds, plan.seconds)
    here = Path(__file__).resolve().parents[2]
    # Not in memory: the audit is written to a disk.
    with TemporaryDirectory(prefix=".bench-", dir=options.folder or here) as name:
        folder = Path(name)
        if plan.loads:
            report.result = rounds.run(plan, folder, generator, options.refserver, _say)
            report.problems += report.result.problems
        if options.instant:
            report.own = instant.run(
                folder, options.own_loads, plan.rounds, plan.seconds, generator, _say
            )
        if options.keys:
            report.start = starting.run(folder, options.keys, plan.rounds, _say)
    return report


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Measure and print."""
    try:
        options = read(sys.argv[1:])
    except ValueError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    clean_up_on_sigterm()
    found = run(options).as_dict()
    shown = text(found)
    print(shown)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if options.markdown is not None:
        write_between_markers(options.markdown, "bench", shown)
    return 1 if found["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
