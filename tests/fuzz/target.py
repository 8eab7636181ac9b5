"""``python -m tests.fuzz.target seal FOLDER RUNS SEED``: the process that is fuzzed, with atheris.

It ends by itself after so many inputs. A crash, an input that takes too long, and memory beyond
the limit end it at once, with the input in a file of the folder.
"""

import json
import sys
import time
from pathlib import Path
from random import Random
from typing import Final

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]  # `make fuzz` has it

with atheris.instrument_imports(include=["signetd.seal", "signetd.pki.der"]):
    from signetd.seal import SealError, parse_seal, parse_stamp

from tests.fuzz import seeds
from tests.fuzz.mutate import MAX_BYTES, mutated
from tests.fuzz.replay import memory

MEMORY_MIB: Final = 1024
INPUT_SECONDS: Final = 10
SAMPLE_EVERY: Final = 5000
STATISTICS: Final = "statistics.json"
ARTIFACTS: Final = "found-"
_STRUCTURED: Final = 0.7
"""How many changes are made to elements; the others are libFuzzer's own, of bytes."""
_WHOLE: Final = 0.3


class Target:
    """Reads every input, and counts."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._parse = parse_seal if kind == "seal" else parse_stamp
        self._folder = folder
        self._counts = {"read": 0, "refused": 0}
        self._slowest = 0.0
        self._memory: list[tuple[int, float]] = []

    def __call__(self, data: bytes) -> None:
        """Read one input; whatever is raised but SealError is a crash."""
        started = time.perf_counter()
        self._counts[self._read(data)] += 1
        self._slowest = max(self._slowest, time.perf_counter() - started)
        inputs = sum(self._counts.values())
        if inputs % SAMPLE_EVERY == 0:
            self._memory.append((inputs, memory()))
            self._write(inputs)

    def _read(self, data: bytes) -> str:
        try:
            found = self._parse(data)
        except SealError as error:
            assert error.place, "an error without its field"
            assert error.offset is None or 0 <= error.offset <= len(data), "a byte outside"
            assert len(str(error)) < 1000, "an error that quotes the file"
            return "refused"
        assert found.der == data, "bytes that belong to nothing were taken"
        assert found.signed in data or found.format == 1, "what is signed is not of the file"
        return "read"

    def _write(self, inputs: int) -> None:
        said = {
            "inputs": inputs,
            **self._counts,
            "slowest": self._slowest,
            "memory": self._memory,
        }
        whole = self._folder / STATISTICS
        part = whole.with_suffix(".part")
        part.write_text(json.dumps(said))
        part.replace(whole)


class Changes:
    """Makes another input of one, for libFuzzer.

    Most inputs that libFuzzer keeps are refused ones; some changes are to whole ones therefore.
    """

    def __init__(self, kind: str) -> None:
        self._seeds = seeds.of(kind)

    def __call__(self, data: bytes, max_size: int, seed: int) -> bytes:
        """Return the changed input, of at most *max_size* bytes."""
        chance = Random(seed)
        if chance.random() < _WHOLE:
            data = chance.choice(self._seeds)
        found = mutated(data, chance) if chance.random() < _STRUCTURED else None
        if found is None:
            found = bytes(atheris.Mutate(data, max_size))
        return found[:max_size]


def main() -> None:
    """Fuzz; this does not return."""
    kind, folder, runs, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    options = [
        f"-runs={runs}",
        f"-seed={seed}",
        f"-max_len={MAX_BYTES}",
        f"-timeout={INPUT_SECONDS}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-artifact_prefix={folder}/{ARTIFACTS}",
        "-print_final_stats=1",
        "-len_control=0",
        "-verbosity=1",
    ]
    corpus = [str(folder / "corpus"), str(folder / "seeds")]
    target = Target(kind, folder)
    atheris.Setup([sys.argv[0], *options, *corpus], target, custom_mutator=Changes(kind))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
