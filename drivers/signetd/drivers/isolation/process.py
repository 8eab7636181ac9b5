"""One worker process, as the daemon sees it: calls in flight, deadlines, its end."""

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Protocol, cast

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.child import Child
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.types import Remedy

_log = logging.getLogger("signetd.worker")
_EXIT_SECONDS: Final = 3.0
# Well below what the socket takes, 208 KiB in most systems: what takes calls back must not lie
# behind the rest of a call in this process, or the worker may begin that before it hears of it.
_BUFFERED_BYTES: Final = 64 << 10


class WorkerFailure(SignetError):
    """A call that the token answered with an error; ``remedy`` says what may cure it."""

    def __init__(self, failure: wire.Failure) -> None:
        super().__init__(failure.reason, failure.message, ckr=failure.ckr)
        self.remedy = failure.remedy


class NeverStarted(SignetError):
    """The call waited behind another one when the worker ended or stalled: it was not begun.

    Of a worker that ended, at most the calls of the last few milliseconds, whose replies were not
    sent yet, are wrongly counted as such.
    """


class Listener(Protocol):
    """Who wants to know how a worker is getting on."""

    def worker_idle(self) -> None:
        """It has room for calls again, or has ended."""
        ...

    def worker_stalled(self, worker: "WorkerProcess") -> None:
        """Its present call takes unusually long."""
        ...


@dataclass
class _Pending:
    """A call that was sent to the worker."""

    future: asyncio.Future[wire.Value]
    timeout: float
    size: int
    is_signature: bool


class WorkerProcess(asyncio.Protocol):
    """A worker and the calls it has been given. It answers them in order.

    The deadline of a call runs from the moment the worker turned to it: a call behind a slow one
    is not blamed. When it passes, the worker hangs in native code, and is killed.
    """

    def __init__(self, name: str, child: Child, listener: Listener, pace: Pace) -> None:
        self._name = name
        self._child = child
        self._listener = listener
        self._pace = pace
        self._reader = wire.FrameReader()
        self._calls: OrderedDict[int, _Pending] = OrderedDict()
        self._outgoing: list[wire.Call] = []
        self._next = 0
        self._turned = 0.0  # when it turned to its present call
        self._watchdog: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._head_expired = False
        self.stalled = False
        self.serial = ""  # of the token that it has opened
        self.served = 0
        self._signed = 0
        self.signatures = 0  # those that it has really made
        self.began = time.monotonic()
        self.exited = asyncio.Event()

    @classmethod
    async def spawn(
        cls, name: str, environment: dict[str, str], listener: Listener, pace: Pace
    ) -> "WorkerProcess":
        """Start a worker. Raises OSError when the system has no process or descriptor left."""
        child, ours = Child.start(name, environment)
        self = cls(name, child, listener, pace)
        await asyncio.get_running_loop().create_connection(lambda: self, sock=ours)
        return self

    @property
    def pid(self) -> int:
        """PID of the process."""
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether it can be given a call."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def in_flight(self) -> int:
        """How many calls wait for their reply."""
        return len(self._calls)

    def has_room(self, size: int) -> bool:
        """Whether a call of so many bytes may be given to it; a large one only when it is idle."""
        if not self._calls:
            return True
        waiting = sum(pending.size for pending in self._calls.values())
        return len(self._calls) < self._pace.window and waiting + size <= _BUFFERED_BYTES

    def resident_bytes(self) -> int:
        """Resident memory of the process; 0 when it has ended."""
        return self._child.resident_bytes()

    @property
    def ended_how(self) -> str:
        """How the process ended, for people; "" while it runs."""
        return self._child.ended_how

    def call(
        self, command: wire.Command, timeout: float, deadline: float | None = None
    ) -> asyncio.Future[wire.Value]:
        """Give the worker a command. The future fails with SignetError.

        *timeout* is in seconds from when the worker turns to it; after *deadline* (seconds of the
        monotonic clock) it is not begun. Nor is a call whose future is cancelled before that.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[wire.Value] = loop.create_future()
        if not self.alive:
            future.set_exception(self._lost(NeverStarted))
            return future
        if isinstance(command, wire.Login):
            self._child.hide(command.pin)
        self._next += 1
        number = self._next
        self._calls[number] = _Pending(
            future, timeout, wire.size_of(command), isinstance(command, wire.Sign)
        )
        future.add_done_callback(lambda done: self._cancel(number) if done.cancelled() else None)
        self._send(wire.Call(number, command, deadline))
        if len(self._calls) == 1:
            self._turn()
        return future

    def _cancel(self, number: int) -> None:
        if number in self._calls and self.alive:
            self._send(wire.Call(0, wire.Cancel(number)))

    def take_back(self) -> None:
        """Take back the calls that wait behind the present one; they fail with NeverStarted.

        The worker drops them before it could begin them: it looks for that after each long call.
        """
        for number, pending in list(self._calls.items())[1:]:
            if not pending.future.done():
                self._cancel(number)
                pending.future.set_exception(self._lost(NeverStarted))

    def _send(self, call: wire.Call) -> None:
        """Queue a call; one frame carries all that comes up in this turn of the loop."""
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing.append(call)

    def _flush(self) -> None:
        calls, self._outgoing = self._outgoing, []
        if self._transport is not None and calls:
            self._transport.write(wire.encode(calls))

    def _turn(self) -> None:
        """Watch the call that the worker is at now."""
        self.stalled = False
        self._turned = time.monotonic()
        self._arm(self._pace.stall)

    def _arm(self, seconds: float) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if self._calls:
            timeout = next(iter(self._calls.values())).timeout
            seconds = max(0.0, min(seconds, timeout - (time.monotonic() - self._turned)))
            self._watchdog = asyncio.get_running_loop().call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        timeout = next(iter(self._calls.values())).timeout
        if time.monotonic() - self._turned >= timeout:
            self._expire()
            return
        self._arm(timeout)
        if not self.stalled:
            self.stalled = True
            self._listener.worker_stalled(self)

    def _expire(self) -> None:
        _, head = self._calls.popitem(last=False)
        if not head.future.done():
            text = (
                f"the token did not answer within {head.timeout:g} seconds; its worker was replaced"
            )
            head.future.set_exception(SignetError(Reason.TOKEN_TIMEOUT, text))
        _log.warning("worker %s is killed: no answer within %g s", self._name, head.timeout)
        self._head_expired = True
        self.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take replies; a worker that breaks the protocol is killed."""
        before = self._signed
        try:
            for frame in self._reader.feed(data):
                for reply in wire.decode_replies(frame):
                    self._take(reply)
        except wire.WireError as error:
            _log.error("worker %s is killed: %s", self._name, error)
            self.kill()
            return
        if self._signed > before:
            self._pace.took(time.monotonic() - self._turned, self._signed - before)
        self._turn()
        self._listener.worker_idle()

    def _take(self, reply: wire.Reply) -> None:
        pending = self._calls.pop(reply.number, None)
        if pending is None:
            raise wire.WireError(f"a reply to call {reply.number}, which was never made")
        self.served += 1
        self._signed += pending.is_signature
        self.signatures += pending.is_signature and reply.failure is None
        if pending.future.done():
            return
        if reply.failure is not None:
            pending.future.set_exception(WorkerFailure(reply.failure))
        else:
            pending.future.set_result(reply.value)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what was in flight."""
        self.kill()
        if self._watchdog is not None:
            self._watchdog.cancel()
        kind = NeverStarted if self._head_expired else SignetError
        while self._calls:
            _, pending = self._calls.popitem(last=False)
            if not pending.future.done():
                pending.future.set_exception(self._lost(kind))
            kind = NeverStarted
        self.exited.set()
        self._listener.worker_idle()

    def _lost(self, kind: type[SignetError]) -> SignetError:
        return kind(
            Reason.WORKER_LOST, "the worker of the token ended and is being replaced; try again"
        )

    def kill(self) -> None:
        """End the process at once."""
        self._child.kill()
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
        await self._child.reap()


def remedy_of(error: BaseException | None) -> Remedy:
    """What may cure a failed call; nothing for one that did not fail in the token."""
    return error.remedy if isinstance(error, WorkerFailure) else Remedy.NONE
