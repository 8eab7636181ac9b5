"""One worker process, as the daemon sees it: calls in flight, deadlines, its end."""

import asyncio
import logging
import time
from collections import OrderedDict
from typing import Final, Protocol, cast

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.child import Child
from signetd.drivers.isolation.errand import Call, Errand, NeverStarted, WorkerFailure
from signetd.drivers.isolation.pace import Pace

_log = logging.getLogger("signetd.worker")
_EXIT_SECONDS: Final = 3.0
# Well below what the socket takes, 208 KiB in most systems: what takes calls back must not lie
# behind the rest of a call in this process, or the worker may begin that before it hears of it.
_BUFFERED_BYTES: Final = 64 << 10


class Listener(Protocol):
    """Who wants to know how a worker is getting on."""

    def worker_idle(self) -> None:
        """It has room for calls again, or has ended."""
        ...

    def worker_stalled(self, worker: "WorkerProcess") -> None:
        """Its present call takes unusually long."""
        ...


class _Pending:
    """A call that was sent to the worker, and how many of its operations it has answered."""

    __slots__ = ("done", "errand", "is_signature", "items", "size", "timeout")

    def __init__(self, errand: Errand) -> None:
        self.errand: Errand | None = errand  # None: nobody waits for it any more
        self.items = errand.items  # that are left
        self.done = 0
        self.size = errand.size
        self.timeout = errand.timeout
        self.is_signature = errand.is_signature


class WorkerProcess(asyncio.Protocol):
    """A worker and the calls it has been given. It answers them in order.

    The deadline of an operation runs from the moment the worker turned to it: one behind a slow one
    is not blamed. When it passes, the worker hangs in native code, and is killed. Of a call with
    many operations the worker tells the results as they come, not later than some 10 ms.
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
        self._turned = 0.0  # when it turned to its present operation
        self._watchdog: asyncio.TimerHandle | None = None
        self._due = 0.0  # when that goes off
        self._transport: asyncio.Transport | None = None
        self._expired: SignetError | None = None  # it was killed for that
        self._loop = asyncio.get_running_loop()
        self._bytes = 0  # of the calls that wait for their reply
        self.in_flight = 0  # operations that do
        self.stalled = False
        self.rung = 0  # of the ladder, which it has reached without having served since
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

    def has_room(self, items: int, size: int) -> bool:
        """Whether it may be given so many operations; many or large ones only when it is idle."""
        if not self._calls:
            return True
        fits = self.in_flight + items <= self._pace.window
        return fits and self._bytes + size <= _BUFFERED_BYTES

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
        errand = Call(command, timeout, deadline)
        self.give(errand)
        errand.future.add_done_callback(
            lambda done: self.give_up(errand) if done.cancelled() else None
        )
        return errand.future

    def give(self, errand: Errand) -> None:
        """Give the worker something to do."""
        if not self.alive:
            errand.failed(self, self._lost(NeverStarted))
            return
        command = errand.command()
        if type(command) is wire.Login:
            self._child.hide(command.pin)
        self._next += 1
        errand.worker, errand.number = self, self._next
        pending = self._calls[self._next] = _Pending(errand)
        self.in_flight += pending.items
        self._bytes += pending.size
        self._send(wire.Call(self._next, command, errand.deadline))
        if len(self._calls) == 1:
            self._turn()

    def give_up(self, errand: Errand) -> None:
        """Take note that nobody waits for it any more; what has not been begun of it is not."""
        pending = self._calls.get(errand.number)
        if pending is not None and pending.errand is errand:
            self._cancel(errand.number, pending)

    def _cancel(self, number: int, pending: _Pending) -> None:
        pending.errand = None
        if self.alive:
            self._send(wire.Call(0, wire.Cancel(number)))

    def take_back(self) -> None:
        """Take back what waits behind the present operation; it fails with NeverStarted.

        The worker drops it before it could begin it: it looks for that after each long operation.
        """
        waiting: list[Errand] = []
        for position, (number, pending) in enumerate(list(self._calls.items())):
            errand = pending.errand
            if errand is None:
                continue
            if position:
                self._cancel(number, pending)
                waiting.append(errand)
            elif (rest := errand.split()) is not None:
                self._send(wire.Call(0, wire.Cancel(number, pending.done + 1)))
                waiting.append(rest)
        for errand in waiting:
            errand.failed(self, self._lost(NeverStarted))

    def _send(self, call: wire.Call) -> None:
        """Queue a call; one frame carries all that comes up in this turn of the loop."""
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(call)

    def _flush(self) -> None:
        calls, self._outgoing = self._outgoing, []
        if self._transport is not None and calls:
            self._transport.write(wire.encode(calls))

    def _turn(self) -> None:
        """Watch the operation that the worker is at now."""
        self.stalled = False
        self._turned = time.monotonic()
        if self._calls:
            self._watch()

    def _watch(self) -> None:
        """Have the watchdog look when the present operation is overdue, or before that."""
        timeout = next(iter(self._calls.values())).timeout
        due = self._turned + (timeout if self.stalled else min(timeout, self._pace.stall))
        if self._watchdog is not None:
            if self._due <= due:  # it will set itself anew: no timer for each operation
                return
            self._watchdog.cancel()
        self._due = due
        self._watchdog = self._loop.call_later(max(0.0, due - time.monotonic()), self._look)

    def _look(self) -> None:
        self._watchdog = None
        if not self._calls:
            return
        elapsed = time.monotonic() - self._turned
        if elapsed >= next(iter(self._calls.values())).timeout:
            self._expire()
            return
        is_new = not self.stalled and elapsed >= self._pace.stall
        self.stalled = self.stalled or is_new
        self._watch()
        if is_new:
            self._listener.worker_stalled(self)

    def _expire(self) -> None:
        """End the worker: the operation that it is at has failed, and what follows is not begun."""
        head = next(iter(self._calls.values()))
        text = f"the token did not answer within {head.timeout:g} seconds; its worker was replaced"
        _log.warning("worker %s is killed: no answer within %g s", self._name, head.timeout)
        self._expired = SignetError(Reason.TOKEN_TIMEOUT, text)
        self.kill()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take replies; a worker that breaks the protocol is killed."""
        before, elapsed = self._signed, time.monotonic() - self._turned
        try:
            for frame in self._reader.feed(data):
                for reply in wire.decode_replies(frame):
                    self._take(reply)
        except wire.WireError as error:
            _log.error("worker %s is killed: %s", self._name, error)
            self.kill()
            return
        if self._signed > before:
            self._pace.took(elapsed, self._signed - before)
        self._turn()
        self._listener.worker_idle()

    def _take(self, reply: wire.Reply) -> None:
        pending = self._calls.get(reply.number)
        if pending is None:
            raise wire.WireError(f"a reply to call {reply.number}, which was never made")
        if reply.failure is None and type(reply.value) is wire.Signatures:
            self._take_some(reply.number, pending, reply.value.results)
            return
        self._end(reply.number, pending)
        errand, failure = pending.errand, reply.failure
        self.served += 1
        self._signed += pending.is_signature
        self.signatures += pending.is_signature and failure is None
        if errand is None:
            return
        if failure is not None:
            errand.failed(self, WorkerFailure(failure))
        else:
            errand.answered(self, reply.value)

    def _take_some(
        self, number: int, pending: _Pending, results: list[bytes | wire.Failure]
    ) -> None:
        """Take the next results of a call with many operations."""
        count = len(results)
        if count > pending.items:
            raise wire.WireError(f"{count} results, where {pending.items} were asked for")
        self.served += count
        self._signed += count
        self.signatures += sum(type(result) is bytes for result in results)
        if count == pending.items:
            self._end(number, pending)
        else:
            pending.items -= count
            pending.done += count
            self.in_flight -= count
        errand = pending.errand
        if errand is not None:
            errand.progressed(self, results)
            if not errand.items:
                pending.errand = None

    def _end(self, number: int, pending: _Pending) -> None:
        del self._calls[number]
        self.in_flight -= pending.items
        self._bytes -= pending.size

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what was in flight."""
        self.kill()
        if self._watchdog is not None:
            self._watchdog.cancel()
        calls, self._calls = self._calls, OrderedDict()
        self.in_flight = self._bytes = 0
        error = self._expired or self._lost(SignetError)
        for pending in calls.values():
            if pending.errand is not None:
                pending.errand.failed(self, error)
            error = self._lost(NeverStarted)
        self.exited.set()
        self._listener.worker_idle()

    def _lost(self, kind: type[SignetError]) -> SignetError:
        return kind(
            Reason.WORKER_LOST, "the worker of the token ended and is being replaced; try again"
        )

    async def drained(self, seconds: float) -> None:
        """Wait until it has answered its calls, has ended, or the time is over."""
        end = time.monotonic() + seconds
        while self.alive and self.in_flight and time.monotonic() < end:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)

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
