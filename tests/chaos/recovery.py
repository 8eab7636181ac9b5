"""``python -m tests.chaos.recovery``: how long crash, hang, removal and re-insertion take.

Each is measured with nothing else wrong. Workers are made to fail only when they have lived for a
while: one that fails soon after its start is meant to be replaced more slowly.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tests.chaos import figures
from tests.chaos.document import write_between_markers
from tests.chaos.figures import Figure
from tests.chaos.processes import clean_up_on_sigterm
from tests.chaos.scene import scene
from tests.chaos.target import REQUEST_TIMEOUT, send

_CRASH: Final = 0.3
_HANG: Final = REQUEST_TIMEOUT + 0.3
_REMOVAL: Final = 2.0
_INSERTION: Final = 3.0


def crashes(workers: int, times: int) -> Iterator[Figure]:
    """Kill the oldest worker, again and again, while clients sign."""
    replaced: list[float] = []
    gaps: list[float] = []
    with scene(workers) as stage, stage.signing(clients=4):
        for _ in range(times):
            stage.await_steady()
            began = time.monotonic()
            send(stage.target.worker_pids()[0], signal.SIGKILL)
            stage.await_fewer_workers()
            back = stage.await_workers()
            replaced.append(back - began)
            gaps.append(stage.gap(began, stage.first_signature(back)))
    of = f"one of {workers} workers" if workers > 1 else "the only worker"
    yield Figure(f"crash of {of} → signing again", gaps, _CRASH)
    yield Figure(f"crash of {of} → replaced", replaced, _CRASH)


def hangs(times: int) -> Iterator[Figure]:
    """With one worker, have a signature hang; the client's next one must follow its deadline."""
    found = []
    with scene(1) as stage, stage.signing(clients=1):
        for _ in range(times):
            stage.await_steady()
            stage.target.faults("C_Sign hang")
            time.sleep(0.3)
            hung = stage.request_at(time.monotonic())
            stage.target.faults()
            signed = hung.ended if hung.good else stage.first_signature(hung.ended)
            found.append(signed - hung.began)
    name = f"hang of the only worker (deadline {REQUEST_TIMEOUT:g} s) → signing again"
    yield Figure(name, found, _HANG)


def removals(times: int) -> Iterator[Figure]:
    """Hide the token from an idle daemon; show it again, and have a client sign from then on."""
    noticed, back = [], []
    with scene(2) as stage:
        for _ in range(times):
            stage.await_workers()
            began = time.monotonic()
            stage.target.faults("* hide")
            noticed.append(stage.await_state("ABSENT") - began)
            time.sleep(1.0)
            stage.target.faults()
            began = time.monotonic()
            with stage.signing(clients=1):
                back.append(stage.first_signature(began) - began)
    yield Figure("removal from an idle daemon → token ABSENT", noticed, _REMOVAL)
    yield Figure("re-insertion → signing again", back, _INSERTION)


def main() -> int:
    """Measure; the exit code is 1 when a target is missed."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    fewer = max(1, options.times // 3)
    parts: dict[str, Callable[[], Iterator[Figure]]] = {
        "crash of one of several": lambda: crashes(3, options.times),
        "crash of the only one": lambda: crashes(1, options.times),
        "hang": lambda: hangs(fewer),
        "removal": lambda: removals(fewer),
    }
    found: list[Figure] = []
    missed: list[str] = []
    for name, measure in parts.items():
        print(f"{name} …", flush=True)
        try:
            found += measure()
        except TimeoutError as error:
            missed.append(f"{name}: {error}")
    text = "\n".join([figures.as_markdown(found), *(f"\nNot met: {miss}" for miss in missed)])
    _write(options, found, missed, text)
    return 0 if not missed and all(figure.ok for figure in found) else 1


def _write(options: argparse.Namespace, found: list[Figure], missed: list[str], text: str) -> None:
    print(text)
    if options.json:
        content = {"figures": [figure.as_dict() for figure in found], "not_met": missed}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False))
    if options.markdown:
        command = f"`make recovery TIMES={options.times}`"
        write_between_markers(options.markdown, "recovery", f"The last run: {command}\n\n{text}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.recovery")
    parser.add_argument("--times", type=int, default=15, help="repetitions (default 15)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
