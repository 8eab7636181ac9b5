"""``python -m benchmarks.documents``: what it costs to have a large document signed as it arrives.

`openssl dgst -sm3` on a file, and SignDocument of the same file over a Unix socket in chunks of
several sizes, by turns, so that whatever else runs strikes all alike. Exits with 1 when the daemon
reaches less of openssl's rate than the target, with the chunks that it is held to.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import grpc

from benchmarks.pairs import Served, processor_seconds
from signetd.api.v1 import signing_service_pb2 as messages
from signetd.api.v1 import signing_service_pb2_grpc as stubs
from tests.chaos.document import table, write_between_markers
from tests.chaos.processes import clean_up_on_sigterm

_TARGET: Final = 0.7  # of the rate of openssl, with chunks of so many KiB:
_AT: Final = 256
_CHUNKS: Final = (64, 128, 256, 512, 1024)
_Part = messages.SignDocumentRequest


class Taken:
    """The seconds that each way has taken, and the daemon's processor time, in each round."""

    def __init__(self) -> None:
        self.openssl: list[float] = []
        self.signed: dict[int, list[float]] = {size: [] for size in _CHUNKS}
        self.used: dict[int, list[float]] = {size: [] for size in _CHUNKS}

    def ratios(self, size: int) -> list[float]:
        """How much of openssl's rate is reached with such chunks, in each round."""
        return [
            whole / signed for whole, signed in zip(self.openssl, self.signed[size], strict=True)
        ]


def _parts(file: Path, size: int) -> Iterator[_Part]:
    yield _Part(start=messages.SignDocumentStart(key="keys/sm2"))
    sent = 0
    with file.open("rb", buffering=0) as source:
        while chunk := source.read(size):
            sent += len(chunk)
            yield _Part(chunk=chunk)
    yield _Part(end=messages.SignDocumentEnd(document_bytes=sent))


def _hashed(file: Path) -> float:
    began = time.perf_counter()
    command = ["openssl", "dgst", "-sm3", str(file)]  # the one that users compare with
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _signed(stub: Any, file: Path, size: int) -> float:
    began = time.perf_counter()
    stub.SignDocument(_parts(file, size), timeout=300)
    return time.perf_counter() - began


def measure(served: Served, file: Path, rounds: int) -> Taken:
    """Measure by turns; each round begins with another way."""
    taken = Taken()
    with grpc.insecure_channel(f"unix:{served.socket}") as channel:
        stub: Any = stubs.SigningServiceStub(channel)
        _signed(stub, file, _AT << 10)
        for number in range(rounds):
            ways = [0, *_CHUNKS]
            for size in ways[number % len(ways) :] + ways[: number % len(ways)]:
                if not size:
                    taken.openssl.append(_hashed(file))
                    continue
                before = processor_seconds(served.pid)
                taken.signed[size].append(_signed(stub, file, size << 10))
                taken.used[size].append(processor_seconds(served.pid) - before)
    return taken


def rows(taken: Taken, mebibytes: int) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    found: list[dict[str, Any]] = []
    for size in _CHUNKS:
        ratios = taken.ratios(size)
        found.append(
            {
                "chunks (KiB)": size,
                "MiB/s": f"{mebibytes / median(taken.signed[size]):,.0f}",
                "of openssl": f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
                "daemon CPU (ms/MiB)": f"{median(taken.used[size]) / mebibytes * 1000:.2f}",
            }
        )
    return found


def main() -> int:
    """Measure and print; the exit code is 1 when the target is missed."""
    options = _parser().parse_args()
    clean_up_on_sigterm()
    here = Path(__file__).resolve().parent.parent
    with TemporaryDirectory(prefix="signetd-") as name:
        file = Path(name, "document")
        with file.open("wb") as out:
            out.writelines(bytes([n % 256]) * (1 << 20) for n in range(options.mebibytes))
        with closing(Served(here, Path(name, "d"))) as served:
            taken = measure(served, file, options.rounds)
    whole = options.mebibytes / median(taken.openssl)
    reached = median(taken.ratios(_AT))
    measured = rows(taken, options.mebibytes)
    lines = [*table(measured, {name: name for name in measured[0]}), ""]
    lines.append(f"openssl dgst -sm3: {whole:,.0f} MiB/s.")
    met = reached >= _TARGET
    lines.append(f"At least {_TARGET:.0%} with {_AT} KiB: {'met' if met else 'not met'}.")
    text = "\n".join(lines)
    print(f"{options.mebibytes} MiB, {options.rounds} rounds\n\n{text}")
    if options.markdown:
        write_between_markers(options.markdown, "document-cost", text)
    return 0 if met else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.documents")
    parser.add_argument("--mebibytes", type=int, default=128, help="size of the document")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="put the table into a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
