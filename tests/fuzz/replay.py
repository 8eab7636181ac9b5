"""``python -m tests.fuzz.replay seal FOLDER TIMES``: reads the kept inputs again and again.

In a process without a fuzzer, which keeps inputs and so grows: here nothing may.
"""

import contextlib
import gc
import json
import resource
import sys
from pathlib import Path
from typing import Final

from signetd.seal import SealError, parse_seal, parse_stamp

_WARM_UP: Final = 0.1
_PAGE: Final = resource.getpagesize()


def memory() -> float:
    """Return this process's resident memory in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 2**20


def replayed(kind: str, inputs: list[bytes], times: int) -> dict[str, float]:
    """Read *times* inputs; return memory after a tenth of them and at the end."""
    parse = parse_seal if kind == "seal" else parse_stamp
    first = 0.0
    for number in range(times):
        with contextlib.suppress(SealError):  # its text was looked at when the input was found
            parse(inputs[number % len(inputs)])
        if number == int(times * _WARM_UP):
            gc.collect()
            first = memory()
    gc.collect()
    return {"first": first, "last": memory(), "times": times}


def main() -> None:
    """Print what came out, as JSON."""
    kind, folder, times = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    inputs = [each.read_bytes() for each in sorted((folder / "corpus").iterdir())]
    inputs += [each.read_bytes() for each in sorted((folder / "seeds").iterdir())]
    print(json.dumps(replayed(kind, inputs, times)))


if __name__ == "__main__":
    main()
