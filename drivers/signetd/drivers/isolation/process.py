"""One worker process, as the daemon sees it: calls in flight, deadlines, its end."""

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable
from typing import cast

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire

_log = logging.getLogger("signetd.worker")
_MODULE = "signetd.drivers.isolation.worker"
_PASSED_ON = ("PATH", "HOME", "LANG", "PYTHONPATH", "XDG_CACHE_HOME")
_MAX_OUTPUT_LINES = 200
_EXIT_SECONDS = 3.0


class WorkerFailure(SignetError):
    """A failed call; after a ``fatal`` one the worker must be replaced."""

    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.reason, failure.message, ckr=failure.ckr)
        self.fatal = failure.fatal


class NeverStarted(SignetError):
    """The worker ended while the call waited behind another one, so it was not begun.

    At most the calls of the last few milliseconds, whose replies were not sent yet, are wrongly
    counted as such.
    """


class WorkerProcess(asyncio.Protocol):
    """A worker and the calls it has been given. It answers them in order.

    The deadline of a call runs from the moment the worker turned to it: a call behind a slow one
    is not blamed. When it passes, the worker hangs in native code, and is killed.
    """

    def __init__(self, name: str, on_idle: Callable[[], None]) -> None:
        self._name = name
        self._on_idle = on_idle
        self._reader = wire.FrameReader()
        self._calls: OrderedDict[int, tuple[asyncio.Future[wire.Value], float]] = OrderedDict()
        self._outgoing: list[wire.Call] = []
        self._next = 0
        self._watchdog: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._output: asyncio.Task[None] | None = None
        self._head_expired = False
        self.exited = asyncio.Event()

    @classmethod
    async def spawn(
        cls, name: str, environment: dict[str, str], on_idle: Callable[[], None]
    ) -> "WorkerProcess":
        """Start a worker with exec; only a few variables of our environment are passed on."""
        self = cls(name, on_idle)
        ours, theirs = socket.socketpair()
        passed = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
        try:
            self._process = await asyncio.create_subprocess_exec(
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
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, sock=ours)
        self._output = loop.create_task(self._log_output())
        return self

    @property
    def pid(self) -> int:
        """PID of the process."""
        return self._child.pid

    @property
    def _child(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError("the worker was never started")
        return self._process

    @property
    def alive(self) -> bool:
        """Whether it can be given a call."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def in_flight(self) -> int:
        """How many calls wait for their reply."""
        return len(self._calls)

    def call(self, command: wire.Command, timeout: float) -> asyncio.Future[wire.Value]:
        """Give the worker a command; *timeout* is in seconds. The future fails with SignetError.

        A call whose future is cancelled before the worker turned to it is left out.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[wire.Value] = loop.create_future()
        if not self.alive:
            future.set_exception(self._lost(NeverStarted))
            return future
        self._next += 1
        number = self._next
        self._calls[number] = (future, timeout)
        future.add_done_callback(lambda done: self._cancel(number) if done.cancelled() else None)
        self._send(wire.Call(number, command))
        if len(self._calls) == 1:
            self._watch()
        return future

    def _cancel(self, number: int) -> None:
        if number in self._calls and self.alive:
            self._send(wire.Call(0, wire.Cancel(number)))

    def _send(self, call: wire.Call) -> None:
        """Queue a call; one frame carries all that comes up in this turn of the loop."""
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing.append(call)

    def _flush(self) -> None:
        calls, self._outgoing = self._outgoing, []
        if self._transport is not None and calls:
            self._transport.write(wire.encode(calls))

    def _watch(self) -> None:
        """Arm the deadline of the call that the worker is at."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self._calls:
            _, timeout = next(iter(self._calls.values()))
            self._watchdog = asyncio.get_running_loop().call_later(timeout, self._expire)

    def _expire(self) -> None:
        _, (future, timeout) = self._calls.popitem(last=False)
        if not future.done():
            text = f"the token did not answer within {timeout:g} seconds; its worker was replaced"
            future.set_exception(SignetError(Reason.TOKEN_TIMEOUT, text))
        self._head_expired = True
        self.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take replies; a worker that breaks the protocol is killed."""
        try:
            for frame in self._reader.feed(data):
                for reply in wire.decode_replies(frame):
                    self._take(reply)
        except wire.WireError as error:
            _log.error("worker %s is killed: %s", self._name, error)
            self.kill()
            return
        self._watch()
        self._on_idle()

    def _take(self, reply: wire.Reply) -> None:
        if reply.number not in self._calls:
            raise wire.WireError(f"a reply to call {reply.number}, which was never made")
        future, _ = self._calls.pop(reply.number)
        fatal = reply.failure is not None and reply.failure.fatal
        if not future.done():
            if reply.failure is not None:
                future.set_exception(WorkerFailure(reply.failure))
            else:
                future.set_result(reply.value)
        if fatal:
            _log.warning("worker %s is replaced: %s", self._name, reply.failure)
            self.kill()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what was in flight."""
        self.kill()
        if self._watchdog is not None:
            self._watchdog.cancel()
        kind = NeverStarted if self._head_expired else SignetError
        while self._calls:
            _, (future, _timeout) = self._calls.popitem(last=False)
            if not future.done():
                future.set_exception(self._lost(kind))
            kind = NeverStarted
        self.exited.set()
        self._on_idle()

    def _lost(self, kind: type[SignetError]) -> SignetError:
        return kind(
            Reason.WORKER_LOST, "the worker of the token ended and is being replaced; try again"
        )

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in this moment
                self._process.kill()
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        """Have the worker log out and end; kill it when it does not. Reaps the process."""
        try:
            async with asyncio.timeout(_EXIT_SECONDS):
                await asyncio.gather(self.call(wire.Close(), _EXIT_SECONDS), return_exceptions=True)
                await self._child.wait()
        except TimeoutError:
            _log.warning("worker %s did not end within %g s", self._name, _EXIT_SECONDS)
        self.kill()
        await self.reap()

    async def reap(self) -> None:
        """Wait until the process is gone and its output read."""
        await self._child.wait()
        if self._output is not None:
            await self._output

    async def _log_output(self) -> None:
        """Log what the module prints, line by line, bounded."""
        output = self._child.stdout
        if output is None:
            return
        lines = 0
        try:
            while line := await output.readline():
                lines += 1
                if lines <= _MAX_OUTPUT_LINES:
                    text = line.decode(errors="replace").rstrip()[:500]
                    _log.warning("worker %s printed: %s", self._name, text)
        except ValueError:  # a line longer than the stream's limit
            _log.warning("worker %s printed an endless line; the rest is not read", self._name)
            self.kill()
