"""Logging workers in: which PIN is presented, when, and never once too often."""

import asyncio
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.crew import Crew
from signetd.drivers.isolation.errand import NeverStarted, WorkerFailure
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.pins import PinGuard, PinSource, SerialBook
from signetd.drivers.types import Pin

_OPENED_SECONDS: Final = 10.0
_MAX_UNKNOWN: Final = 3  # logins in a row of which nobody knows how they ended
_PIN_REASONS: Final = (Reason.PIN_REFUSED, Reason.PIN_BLOCKED, Reason.PIN_INVALID)
_UNKNOWN: Final = (
    "the worker ended while the PIN was being presented, so the token may have counted it as wrong"
)


class Access:
    """The PIN of one token, and its way to the workers, one at a time.

    A PIN that was accepted is remembered and given to each new worker. A PIN that was refused, or
    may have been, is forgotten and written down by the guard.
    """

    def __init__(
        self,
        crew: Crew,
        timeout: float,
        guard: PinGuard,
        serials: SerialBook,
        source: PinSource | None,
    ) -> None:
        self._crew = crew
        self._timeout = timeout
        self._guard = guard
        self._serials = serials
        self._source = source
        self._lock = asyncio.Lock()
        self._pin: Pin | None = None
        self._tried: Pin | None = None  # the source's last one that did not unlock the token
        self._by_administrator = False  # locked so: the source is not asked
        self._unknown = 0

    async def admit(self, index: int, worker: WorkerProcess) -> None:
        """Log a new worker in if a PIN is known or the source has one.

        Raises SignetError when the worker is of no use. Without a PIN it stays open and locked.
        """
        async with self._lock:
            if self._crew.ready.get(index) is worker:
                return
            pin = self._pin or await self._from_source()
            if pin is not None:
                await self._admit_with(index, worker, pin)

    async def _admit_with(self, index: int, worker: WorkerProcess, pin: Pin) -> None:
        try:
            await self._present(worker, pin, by_itself=True)
        except SignetError as error:
            if error.reason not in _PIN_REASONS:
                raise
            self._tried = pin
            self._lock_with(error.message)
            return
        await self._enlist(index, worker)

    async def _from_source(self) -> Pin | None:
        """Read the PIN from its source, unless that was tried already."""
        if self._by_administrator or self._source is None:
            self._crew.locked = self._crew.locked or "no PIN has been presented"
            return None
        try:
            pin = await self._source.read()
        except SignetError as error:
            self._lock_with(error.message)
            return None
        same = self._tried is not None and self._tried.reveal() == pin.reveal()
        return None if same else pin

    async def look_again(self) -> None:
        """Unlock a locked token when its source has another PIN now."""
        if self._lock.locked() or self._pin is not None or self._source is None:
            return
        for index, worker in list(self._crew.opened.items()):
            if worker.alive and not self._crew.closing:
                try:
                    await self.admit(index, worker)
                except SignetError:
                    worker.kill()  # its successor tries again
        self._crew.settle()

    async def unlock(self, pin: Pin, *, accept_final_try: bool) -> None:
        """Present an administrator's PIN, to one worker first; the others follow.

        Does nothing when the token is unlocked already and its PIN known. Waits for a worker that
        is being replaced.
        Raises SignetError(PIN_REFUSED, PIN_BLOCKED, TOKEN_ABSENT); a refused PIN is forgotten.
        """
        async with self._lock:
            if self._pin is not None and self._crew.ready:
                return
            workers = [
                (index, worker)
                for index, worker in await self._crew.wait_for_opened(_OPENED_SECONDS)
                if self._crew.ready.get(index) is not worker
            ]
            if not workers:  # those that are logged in serve on; a new one will ask
                return
            index, worker = workers[0]
            try:
                await self._present(worker, pin, by_itself=False, accept_final_try=accept_final_try)
                await self._enlist(index, worker)
            except SignetError as error:
                if error.reason in _PIN_REASONS:
                    self._lock_with(error.message)
                else:
                    worker.kill()
                raise
            self._by_administrator = False
            for index, worker in workers[1:]:
                await self._follow(index, worker)
        self._crew.settle()

    async def _follow(self, index: int, worker: WorkerProcess) -> None:
        if self._pin is None:
            return
        if worker.serial != self._crew.serial:
            worker.kill()
            return
        try:
            await self._admit_with(index, worker, self._pin)
        except SignetError:
            worker.kill()  # its successor logs in

    async def log_in_again(self, worker: WorkerProcess) -> None:
        """Log a worker in whose login the token has lost. Raises SignetError."""
        async with self._lock:
            if self._pin is None:
                raise self._crew.unavailable()
            try:
                await self._present(worker, self._pin, by_itself=True)
            except SignetError as error:
                if error.reason in _PIN_REASONS:
                    self._lock_with(error.message)
                raise
            await worker.call(wire.ListKeys(), self._timeout)

    async def lock(self) -> None:
        """Forget the PIN; the workers are replaced by ones that never had it."""
        async with self._lock:
            self._by_administrator = True
            await self._lock_out("it was locked by an administrator")

    async def refused_in_use(self, error: SignetError) -> None:
        """Take note that a key's own login for a signature was refused."""
        async with self._lock:
            if self._pin is not None:
                await self._guard.refused(self._serial, self._pin, error.message)
                self._tried = self._pin
                await self._lock_out(error.message)

    async def _lock_out(self, why: str) -> None:
        # Not those alone that are ready: one that is being recovered is logged in too.
        was_open = list({*self._crew.ready.values(), *self._crew.opened.values()})
        self._crew.ready.clear()
        self._lock_with(why)
        await asyncio.gather(*(worker.close() for worker in was_open))

    def forget(self) -> None:
        """Forget the PIN: the daemon is ending."""
        self._pin = self._tried = None

    def _lock_with(self, why: str) -> None:
        self._pin = None
        self._crew.unlocked = False
        self._crew.locked = self._crew.missing = why
        self._crew.settle()

    async def _enlist(self, index: int, worker: WorkerProcess) -> None:
        await worker.call(wire.ListKeys(), self._timeout)
        self._crew.ready[index] = worker

    @property
    def _serial(self) -> str:
        return self._crew.info.serial if self._crew.info is not None else ""

    async def _present(
        self, worker: WorkerProcess, pin: Pin, *, by_itself: bool, accept_final_try: bool = False
    ) -> None:
        """Present a PIN once, with the guard's knowledge. Raises SignetError."""
        serial, proven = worker.serial, pin is self._pin
        if not proven:
            await self._guard.begin(serial, pin, by_itself=by_itself)
        try:
            login = wire.Login(pin.reveal(), accept_final_try, self._timeout / 2)
            await worker.call(login, self._timeout)
        except SignetError as error:
            await self._note(error, serial, pin, proven=proven)
            raise
        self._unknown = 0
        self._crew.serial = serial
        if not proven:
            await self._guard.accepted(serial)
            await self._serials.bind(self._crew.name, serial)
        self._pin, self._tried = pin, None
        self._crew.unlocked, self._crew.locked = True, ""

    async def _note(self, error: SignetError, serial: str, pin: Pin, *, proven: bool) -> None:
        """Have the guard write down how a login ended that did not succeed."""
        if isinstance(error, WorkerFailure):
            presented = error.reason is Reason.PIN_REFUSED or bool(
                error.reason is Reason.PIN_BLOCKED and error.ckr
            )
            counted, why = presented, error.message
        else:
            unknown = not isinstance(error, NeverStarted)
            self._unknown += unknown
            counted = unknown and (not proven or self._unknown >= _MAX_UNKNOWN)
            why = _UNKNOWN
        if counted:
            await self._guard.refused(serial, pin, why)
            self._tried = pin
            self._lock_with(why)
        elif not proven:
            await self._guard.not_presented(serial, pin)
