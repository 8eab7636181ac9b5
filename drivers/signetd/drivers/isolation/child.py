"""The operating system's side of a worker: its process, its output, its memory, its end."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from typing import Final

from signetd.drivers.isolation.output import OutputLog

_MODULE: Final = "signetd.drivers.isolation.worker"
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "PYTHONPATH", "XDG_CACHE_HOME")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_LAST_WORDS_SECONDS: Final = 1.0


class Child:
    """A process that runs the worker's program, and whatever the module started beside it."""

    def __init__(self, process: asyncio.subprocess.Process, output: OutputLog) -> None:
        self._process = process
        self._output = output
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, name: str, environment: dict[str, str]) -> tuple["Child", socket.socket]:
        """Start it with exec; return it and our end of its socket.

        Only a few variables of our environment are passed on. Raises OSError.
        """
        ours, theirs = socket.socketpair()
        passed = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", _MODULE, str(theirs.fileno()), str(os.getpid())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                env=passed | environment,
                start_new_session=True,  # Ctrl-C is for the daemon, which then drains
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        return cls(process, OutputLog(name)), ours

    async def _read(self) -> None:
        if self._process.stdout is not None:
            await self._output.read(self._process.stdout)

    @property
    def pid(self) -> int:
        """PID of the process."""
        return self._process.pid

    def hide(self, secret: str) -> None:
        """Keep this text out of the log, whatever the module prints."""
        self._output.hide(secret)

    def resident_bytes(self) -> int:
        """Resident memory of the process; 0 when it has ended."""
        try:
            with open(f"/proc/{self.pid}/statm", "rb") as file:  # noqa: PTH123 - often called
                return int(file.read().split()[1]) * _PAGE_BYTES
        except (OSError, IndexError):
            return 0

    @property
    def ended_how(self) -> str:
        """How the process ended, for people; "" while it runs."""
        code = self._process.returncode
        if code is None:
            return ""
        if code >= 0:
            return f"its process ended with exit code {code}"
        return f"its process was ended by {signal.Signals(-code).name}"

    def kill(self) -> None:
        """End the process and those that it started, at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in this moment
                os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self) -> None:
        """Wait until the process has ended."""
        await self._process.wait()

    async def reap(self) -> None:
        """Wait until the process is gone and its output read."""
        await self._process.wait()
        # A process that the module left behind may hold the pipe open.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._reading, _LAST_WORDS_SECONDS)
