"""Keeps one worker place filled: starts, opens, logs in, replaces, recycles."""

import asyncio
import contextlib
import logging
import random
import time
from pathlib import Path
from typing import Final, Protocol, TypeVar

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.access import Access
from signetd.drivers.isolation.crew import Crew, PoolSettings
from signetd.drivers.isolation.process import Listener, WorkerProcess
from signetd.drivers.types import TokenInfo, TokenSettings

_log = logging.getLogger("signetd.token")
T = TypeVar("T")
# The pauses after so many failures in a row: a module that fails at load is no loop. Beyond them
# the last one grows slowly, so that a fault of a minute is over two seconds after its end.
_BACKOFF_SECONDS: Final = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5)
_GROWTH: Final = 1.05
_MAX_BACKOFF_SECONDS: Final = 30.0
# An absent token is looked for at this pace for good; many modules see a token come by themselves,
# the others when they are loaded anew.
_ABSENT_SECONDS: Final = 0.3
_PATIENCE_SECONDS: Final = 1.5
_SHORT_SECONDS: Final = 10.0  # a worker that ends sooner without a signature did not do well
_LONG_SECONDS: Final = 0.3  # a pause that requests are not left waiting for
_FREE_REPLACEMENTS: Final = 3  # that many in a row come without a pause
_DRAIN_SECONDS: Final = 60.0
_ABSENT: Final = (Reason.TOKEN_ABSENT, Reason.TOKEN_AMBIGUOUS)


class Place(Protocol):
    """What the worker places of one token share."""

    @property
    def crew(self) -> Crew:
        """The workers of the token."""
        ...

    @property
    def access(self) -> Access:
        """Who logs them in."""
        ...

    @property
    def settings(self) -> PoolSettings:
        """How they are kept."""
        ...

    @property
    def token(self) -> TokenSettings:
        """Which token they open."""
        ...

    @property
    def lock_file(self) -> Path:
        """What serialises their starts."""
        ...

    @property
    def listener(self) -> Listener:
        """Who is told how they get on."""
        ...


class Keeper:
    """The place of one worker of a token, by its *index*; 0 is the one that looks for a token."""

    def __init__(self, index: int, place: Place) -> None:
        self.index = index
        self.tried = asyncio.Event()  # the first attempt is over
        self.wake = asyncio.Event()  # do not pause any longer
        self.recycle = asyncio.Event()
        self.present: WorkerProcess | None = None  # in whatever state it is
        self._place = place
        self._crew = place.crew
        self._failures = 0
        self._short_lives = 0

    async def run(self) -> None:
        """Keep a worker until the pool closes: replace it when it ends, slower when it fails."""
        while not self._crew.closing:
            await self._wait_for_token()
            if self._crew.closing:
                return
            self.wake.clear()
            await self._live_through()
            self._crew.settle()
            await self._pause()

    async def _live_through(self) -> None:
        """Live once; a mistake of ours must not leave the place empty for good."""
        try:
            if await self._live():
                self._failures = 0
        except Exception:  # logged, and the place is tried again like after any failure
            _log.exception("worker %s/%d: its keeper failed", self._crew.name, self.index)
            self._failures += 1

    async def _wait_for_token(self) -> None:
        """While nobody has found the token, one worker is enough to look for it."""
        while self.index and not self._crew.opened and not self._crew.closing:
            self._crew.changed.clear()
            await self._crew.changed.wait()

    async def _pause(self) -> None:
        seconds = _backoff(max(self._failures, self._short_lives - _FREE_REPLACEMENTS))
        if self._crew.absent and not self._crew.opened:
            seconds = _ABSENT_SECONDS
        elif seconds > _LONG_SECONDS and not self._crew.opened and not self._crew.locked:
            self._crew.failed = self._crew.missing or "its workers end soon after their start"
            self._crew.settle()  # requests need not wait for what may take long
        if self._crew.closing:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), seconds)

    async def _live(self) -> bool:
        """Have one worker after another until one ends; say whether it had come up."""
        try:
            worker = await self._start()
        except OSError as error:
            self._not_opened(SignetError(Reason.TOKEN_FAILED, f"no worker can be started: {error}"))
            return False
        try:
            if not await self._bring_up(worker):
                return False
            self._crew.opened[self.index] = worker
            if not await self._log_in(worker):
                return False
            worker = await self._stay(worker)
            is_short = time.monotonic() - worker.began < _SHORT_SECONDS and not worker.signatures
            self._short_lives = self._short_lives + 1 if is_short else 0
            return True
        finally:
            await self._end(worker)

    async def _start(self) -> WorkerProcess:
        place = self._place
        name = f"{self._crew.name}/{self.index}"
        self.present = await WorkerProcess.spawn(
            name, place.token.environment, place.listener, self._crew.pace
        )
        if self._crew.closing:  # close() has not seen it
            self.present.kill()
        return self.present

    async def _bring_up(self, worker: WorkerProcess) -> bool:
        """Have a worker open the token; what keeps it from that becomes the token's state."""
        place = self._place
        # That a token has gone is told at once; after that there is time to wait for it.
        patience = _PATIENCE_SECONDS if self._crew.absent else 0.0
        opening = wire.Open(place.token, str(place.lock_file), patience)
        timeout = place.settings.start_timeout + patience
        try:
            info = expect(await worker.call(opening, timeout), TokenInfo)
            self._check_same(info)
        except SignetError as error:
            await self._note_end(worker, error)
            return False
        finally:
            self._crew.settle()
        worker.serial = info.serial
        self._crew.info = info
        self._crew.absent = self._crew.failed = ""
        return True

    def _check_same(self, info: TokenInfo) -> None:
        """Refuse a stranger that was opened while nobody knew yet which token was meant."""
        if self._crew.serial not in ("", info.serial):
            why = f"a token with serial {info.serial} has come for {self._crew.serial}"
            raise SignetError(Reason.TOKEN_ABSENT, why)

    async def _note_end(self, worker: WorkerProcess, error: SignetError) -> None:
        if error.reason is Reason.WORKER_LOST and not self._crew.closing:
            await worker.reap()
            how = f"its module broke off at its start: {worker.ended_how}"
            error = SignetError(Reason.TOKEN_FAILED, how)
        self._not_opened(error)

    def _not_opened(self, error: SignetError) -> None:
        """Judge an attempt that failed. Others that have the token open know better."""
        self._failures += 1
        crew = self._crew
        crew.missing = error.message
        if crew.closing or crew.opened:
            return
        if error.reason in _ABSENT:
            crew.absent, crew.failed = error.message, ""
        elif self._failures > 1 or not crew.status.state.serves:
            crew.absent, crew.failed = "", error.message

    async def _log_in(self, worker: WorkerProcess) -> bool:
        self._crew.settle()
        try:
            await self._place.access.admit(self.index, worker)
        except SignetError as error:
            self._crew.opened.pop(self.index, None)
            self._not_opened(error)
            return False
        finally:
            self.tried.set()
        self._crew.settle()
        return True

    async def _stay(self, worker: WorkerProcess) -> WorkerProcess:
        """Wait for the end of the worker, or of its successor when it is recycled; return it."""
        self.recycle.clear()
        while True:
            ended = asyncio.create_task(worker.exited.wait())
            recycled = asyncio.create_task(self.recycle.wait())
            await asyncio.wait({ended, recycled}, return_when=asyncio.FIRST_COMPLETED)
            recycled.cancel()
            if worker.exited.is_set():
                return worker
            ended.cancel()
            self.recycle.clear()
            worker = await self._succeed(worker)

    async def _succeed(self, old: WorkerProcess) -> WorkerProcess:
        """Put a fresh worker in place of a living one; no request notices."""
        try:
            new = await self._start()
        except OSError as error:
            _log.warning("worker %s/%d is not recycled: %s", self._crew.name, self.index, error)
            return old
        opening = wire.Open(self._place.token, str(self._place.lock_file))
        try:
            info = expect(await new.call(opening, self._place.settings.start_timeout), TokenInfo)
            self._check_same(info)
            new.serial = info.serial
            await self._place.access.admit(self.index, new)
            if self._crew.ready.get(self.index) is not new:
                raise self._crew.unavailable()  # no PIN is known for it
        except SignetError as error:
            _log.warning(
                "worker %s/%d is not recycled: %s", self._crew.name, self.index, error.message
            )
            self.present = old
            new.kill()
            await new.reap()
            return old
        self._crew.opened[self.index] = new
        self._crew.settle()
        await self._retire(old)
        return new

    async def _retire(self, old: WorkerProcess) -> None:
        await old.drained(_DRAIN_SECONDS)
        await old.close()
        _log.info("worker %s/%d was recycled", self._crew.name, self.index)

    async def _end(self, worker: WorkerProcess) -> None:
        for workers in (self._crew.opened, self._crew.ready):
            if workers.get(self.index) is worker:
                del workers[self.index]
        self.present = None
        worker.kill()
        await worker.reap()
        if self._crew.missing == "" and not self._crew.closing:
            self._crew.missing = worker.ended_how
        self.tried.set()


def expect(value: wire.Value, kind: type[T]) -> T:
    """Check that a worker answered with what its call asks for; it is not trusted to."""
    if not isinstance(value, kind):
        raise SignetError(Reason.INTERNAL, f"a worker answered with {type(value).__name__}")
    return value


def _backoff(failures: int) -> float:
    """Seconds until the next worker after so many failures; those of several tokens spread out."""
    beyond = failures - len(_BACKOFF_SECONDS) + 1
    seconds = _BACKOFF_SECONDS[max(0, min(failures, len(_BACKOFF_SECONDS) - 1))]
    if beyond > 0:
        seconds = min(_MAX_BACKOFF_SECONDS, seconds * _GROWTH ** min(beyond, 100))
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
