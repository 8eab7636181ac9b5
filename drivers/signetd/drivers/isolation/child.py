"""The operating system's side of a worker: its process, its output, its memory, its end."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import Final

from signetd.drivers.isolation.output import OutputLog

_MODULE: Final = "signetd.drivers.isolation.worker"
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "PYTHONPATH", "XDG_CACHE_HOME")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_LAST_WORDS_SECONDS: Final = 0.1  # they are in the pipe already when the process has ended


class Child:
    """A process that runs the worker's program, and whatever the module started beside it.

    What that holds of the worker's descriptors delays nothing: neither the pipe of its output nor
    its end of the socket.
    """

    def __init__(self, process: subprocess.Popen[bytes], ours: socket.socket, name: str) -> None:
        self._process = process
        self._ours = ours
        self._output = OutputLog(name)
        self._ended = asyncio.Event()
        self._pidfd = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap_now)
        self._reading = asyncio.create_task(self._read())

    @classmethod
    def start(cls, name: str, environment: dict[str, str]) -> tuple["Child", socket.socket]:
        """Start it with exec; return it and our end of its socket. Raises OSError.

        Only a few variables of our environment are passed on. The event loop's own way is not
        taken: started by uvloop, which forks a process full of gRPC's threads, 2 of some 30
        workers ended in SIGSEGV within 20 ms; started by subprocess, which uses vfork, none of 80.
        """
        ours, theirs = socket.socketpair()
        passed = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        command = [sys.executable, "-P", "-m", _MODULE, str(theirs.fileno()), str(os.getpid())]
        try:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, a module of ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
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
        return cls(process, ours, name), ours

    def _reap_now(self) -> None:
        """The process has ended: take its status, so that no zombie stays, and end its helpers."""
        self.kill()  # before that: until then the number of the group cannot mean another one
        self._process.wait()
        with contextlib.suppress(OSError):  # it is closed already
            # What the process has sent is still read, then comes the end, whoever holds the other
            # side. In the event loop the socket has no such method.
            self._ours.shutdown(socket.SHUT_RD)
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._ended.set()

    async def _read(self) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
        )
        try:
            await self._output.read(reader)
        finally:
            transport.close()

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
        try:
            name = signal.Signals(-code).name
        except ValueError:  # a real-time signal
            name = f"signal {-code}"
        return f"its process was ended by {name}"

    def kill(self) -> None:
        """End the process and those that it started, at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in this moment
                os.killpg(self._process.pid, signal.SIGKILL)

    async def wait(self) -> None:
        """Wait until the process has ended."""
        await self._ended.wait()

    async def reap(self) -> None:
        """Wait until the process is gone and its output read."""
        await self._ended.wait()
        # A process that the module left behind may hold the pipe open. Several may wait here.
        await asyncio.wait({self._reading}, timeout=_LAST_WORDS_SECONDS)
        self._reading.cancel()
