"""Puts a server under a load with a load generator: ours, or one that is given."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.bench.requests import Request

_LINE: Final = re.compile(
    r"(?P<rate>\d+(?:\.\d+)?) sig/s\s+p50=(?P<p50>\d+)us\s+p90=\d+us\s+p99=(?P<p99>\d+)us\s+"
    r"max=\d+us\s+ok=(?P<ok>\d+) failed=(?P<failed>\d+)\s*"
)
_MORE_SECONDS: Final = 90.0
_OURS: Final = [sys.executable, "-m", "benchmarks.bench.caller"]


@dataclass(frozen=True)
class Address:
    """Where a server listens: ``unix:/path``, or ``host:port`` with the folder of certificates.

    That folder holds ca.pem, client.pem and client.key.
    """

    where: str
    certificates: Path | None = None

    def options(self) -> list[str]:
        """The generator's options."""
        if self.certificates is None:
            return ["-addr", self.where]
        files = {"-ca": "ca.pem", "-cert": "client.pem", "-key": "client.key"}
        named = [word for name, file in files.items() for word in (name, self._file(file))]
        return ["-addr", self.where, *named, "-server-name", "localhost"]

    def _file(self, name: str) -> str:
        return str(self.certificates / name) if self.certificates else ""


@dataclass(frozen=True)
class Seen:
    """What clients saw: signatures per second, latencies of requests in seconds, how many."""

    rate: float
    p50: float
    p99: float
    answered: int  # requests
    failed: int


def read(text: str) -> Seen:
    """Read a generator's line. Raises ValueError."""
    found = _LINE.fullmatch(text)
    if found is None:
        raise ValueError(f"the load generator's line is not understood: {text!r}")
    return Seen(
        rate=float(found["rate"]),
        p50=int(found["p50"]) / 1e6,
        p99=int(found["p99"]) / 1e6,
        answered=int(found["ok"]),
        failed=int(found["failed"]),
    )


class Generator:
    """Starts the program for each measurement, so that it never meets connections of before.

    Streams are always ours to send: a program that is given knows single calls alone.
    """

    def __init__(self, program: Path | None = None) -> None:
        self._command = _OURS if program is None else [str(program)]
        self.name = "Python" if program is None else program.name

    def measure(self, address: Address, request: Request, in_flight: int, seconds: float) -> Seen:
        """Have so many requests in flight for so long. Raises RuntimeError when all failed."""
        with TemporaryDirectory(prefix="signetd-") as name:
            body = Path(name, "request")
            body.write_bytes(request.body)
            options = self.options(address, request, body, in_flight, seconds)
            done = subprocess.run(
                [*(_OURS if request.streams else self._command), *options],
                stdout=subprocess.PIPE,
                text=True,
                timeout=seconds + _MORE_SECONDS,
                check=False,
            )
        if done.returncode:
            raise RuntimeError(f"{request.method} at {address.where}: {done.stdout or 'no answer'}")
        return read(done.stdout)

    @staticmethod
    def options(
        address: Address, request: Request, body: Path, in_flight: int, seconds: float
    ) -> list[str]:
        """Return the command line. Nothing is left out as a warm-up: all that is made counts."""
        streams = ["-streams", str(request.streams)] if request.streams else []
        return [
            *address.options(),
            *("-method", request.method, "-request", str(body), "-weight", str(request.weight)),
            *("-conc", str(in_flight), "-conns", str(min(2, in_flight))),
            *("-duration", f"{seconds:g}s", "-warmup", "0s"),
            *streams,
            *(["-gather"] if request.gathers else []),
        ]
