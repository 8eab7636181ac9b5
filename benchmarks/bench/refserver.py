"""The reference server: what somebody would write in an afternoon, as the second yardstick.

It is a program that the caller has: one process with a pool of PKCS#11 sessions, which signs for
everybody. signetd knows its command line and the two methods that it answers:

    REFSERVER -module LIB -token LABEL -pin PIN -key LABEL -mechanism N -size BYTES -addr unix:PATH

``/ref.Signer/Sign`` takes the bytes to sign, as they are and without a message around them, and
answers with the signature; ``/ref.Signer/Batch`` takes several inputs of -size bytes, one after the
other. The PIN is in its arguments: it is that of a token which lives as long as the measurement.
"""

import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from benchmarks.bench.algorithms import Algorithm
from benchmarks.bench.generator import Address
from benchmarks.bench.tokens import LABEL, Token
from benchmarks.bench.usage import Usage, usage

_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 10.0


class RefServer:
    """The server with one key; a context manager that ends it."""

    def __init__(self, program: Path, folder: Path, token: Token, algorithm: Algorithm) -> None:
        self._socket = folder / f"ref-{algorithm.key}"
        self._process = subprocess.Popen(
            command(program, self._socket, token, algorithm), env=token.environment
        )
        try:
            self._await_socket()
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address(f"unix:{self._socket}")

    def usage(self) -> Usage:
        """Processor time so far; it has no workers."""
        return usage(self._process.pid)

    def _await_socket(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while not self._socket.exists():
            if self._process.poll() is not None:
                raise RuntimeError("the reference server has ended; its message is above")
            if time.monotonic() > end:
                raise RuntimeError(f"the reference server made no socket in {_START_SECONDS:g} s")
            time.sleep(0.02)

    def _end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.unlink(missing_ok=True)


def command(program: Path, socket: Path, token: Token, algorithm: Algorithm) -> list[str]:
    """Return its command line."""
    return [
        *(str(program), "-module", token.module, "-token", LABEL, "-pin", token.pin),
        *("-key", algorithm.key, "-mechanism", hex(algorithm.mechanism)),
        *("-size", str(len(algorithm.data)), "-addr", f"unix:{socket}"),
    ]
