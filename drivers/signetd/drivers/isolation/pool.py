"""The workers of one token: started, unlocked, given work, replaced when they end."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import enrolment, wire
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.isolation.queue import WorkQueue
from signetd.drivers.life import TokenState, TokenStatus
from signetd.drivers.types import (
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    Requester,
    SignOrder,
    TokenInfo,
    TokenSettings,
)

_log = logging.getLogger("signetd.token")
T = TypeVar("T")
_OPEN_SECONDS: Final = 60.0
_LOGIN_SECONDS: Final = 60.0
_REPLACE_SECONDS: Final = 10.0
_BACKOFF_SECONDS: Final = (0.0, 0.1, 0.5, 1.0, 2.0, 5.0)
_SHORT_SECONDS: Final = 10.0  # a worker that ends sooner did not do well
_FREE_REPLACEMENTS: Final = 3  # that many in a row come without a pause


def _nothing() -> None:
    """Nobody listens for changes."""


class TokenPool:
    """All work for one token goes through here; no PKCS#11 library is loaded in this process."""

    def __init__(
        self,
        name: str,
        settings: TokenSettings,
        *,
        lock_file: Path,
        workers: int = 1,
        request_timeout: float = 10.0,
        generate_timeout: float = 120.0,
        queue: int = 1024,
        on_change: Callable[[], None] = _nothing,
    ) -> None:
        self.name = name
        self.workers = workers
        self.info: TokenInfo | None = None
        self.status = TokenStatus(TokenState.ABSENT, "its workers are starting", _now())
        self._settings = settings
        self._lock_file = lock_file
        self._request_timeout = request_timeout
        self._generate_timeout = generate_timeout
        self._on_change = on_change
        self._queue = WorkQueue(queue, self._refusal, lambda: self._ready.values())
        self._running: dict[int, WorkerProcess] = {}
        self._opened: dict[int, WorkerProcess] = {}
        self._ready: dict[int, WorkerProcess] = {}
        self._pin: Pin | None = None
        self._login = asyncio.Lock()
        self._changed = asyncio.Event()  # a worker came up, or the state changed
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = False
        self._stop = asyncio.Event()

    @property
    def workers_ready(self) -> int:
        """How many workers are logged in."""
        return len(self._ready)

    async def start(self) -> None:
        """Start the workers; an absent token is shown in ``status`` and looked for again."""
        started = [asyncio.Event() for _ in range(self.workers)]
        self._tasks = [
            asyncio.create_task(self._supervise(index, started[index]))
            for index in range(self.workers)
        ]
        await asyncio.gather(*(event.wait() for event in started))

    async def close(self) -> None:
        """Log out, end the workers, and refuse whatever is left."""
        self._closing = True
        self._stop.set()
        self._queue.refuse_all(SignetError(Reason.SHUTTING_DOWN, "the daemon is shutting down"))
        for index, worker in self._running.items():
            if index not in self._opened:  # it may hang in its module's start
                worker.kill()
        await asyncio.gather(*(worker.close() for worker in self._opened.values()))
        await asyncio.gather(*self._tasks)
        self._pin = None

    async def _supervise(self, index: int, started: asyncio.Event) -> None:
        """Keep one worker running: replace it when it ends, slower when it keeps failing."""
        failures = short_lives = 0
        while not self._closing:
            began = time.monotonic()
            came_up = await self._run_worker(index, started)
            failures = 0 if came_up else failures + 1
            short_lives = short_lives + 1 if time.monotonic() - began < _SHORT_SECONDS else 0
            self._settle()
            with contextlib.suppress(TimeoutError):
                delay = _delay(max(failures, short_lives - _FREE_REPLACEMENTS))
                await asyncio.wait_for(self._stop.wait(), delay)

    async def _run_worker(self, index: int, started: asyncio.Event) -> bool:
        """Run one worker until it ends; say whether it came up."""
        name = f"{self.name}/{index}"
        worker = await WorkerProcess.spawn(name, self._settings.environment, self._queue.dispatch)
        self._running[index] = worker
        try:
            if self._closing or not await self._bring_up(index, worker):
                return False
            started.set()
            await worker.exited.wait()
            return True
        finally:
            for workers in (self._running, self._opened, self._ready):
                workers.pop(index, None)
            worker.kill()
            await worker.reap()
            started.set()

    async def _bring_up(self, index: int, worker: WorkerProcess) -> bool:
        """Open the token in a new worker, and log in when a PIN was accepted before."""
        try:
            opening = wire.Open(self._settings, str(self._lock_file))
            info = _expect(await worker.call(opening, _OPEN_SECONDS), TokenInfo)
            self._check_same(info)
        except SignetError as error:
            if not self._opened and not self._closing:
                self._set_status(TokenState.ABSENT, error.message)
            return False
        self.info = info
        self._opened[index] = worker
        self._changed.set()
        async with self._login:
            if self._pin is not None:
                try:
                    await self._log_in(index, worker, self._pin)
                except SignetError as error:
                    self._after_refusal(error)
                    return not worker.exited.is_set()
        self._settle()
        return True

    def _check_same(self, info: TokenInfo) -> None:
        """A PIN that was given for one token is never presented to another."""
        if self.info is not None and info.serial != self.info.serial and self._pin is not None:
            self._pin = None
            _log.warning(
                "token %s: serial %s came for %s", self.name, info.serial, self.info.serial
            )

    async def unlock(self, pin: Pin, *, accept_final_try: bool = False) -> None:
        """Present the user PIN, to one worker first; the others follow once it was accepted.

        Does nothing when the token is unlocked already. Waits for a worker that is being replaced,
        as after a refused PIN. Raises SignetError(PIN_REFUSED, PIN_BLOCKED, TOKEN_ABSENT); a
        refused PIN is forgotten.
        """
        async with self._login:
            if any(worker.alive for worker in self._ready.values()):
                return
            for index, worker in await self._opened_and_alive():
                try:
                    await self._log_in(index, worker, pin)
                except SignetError as error:
                    self._after_refusal(error)
                    worker.kill()  # a refused login leaves a session behind
                    if self._pin is None:  # otherwise it ended, and its successor logs in
                        raise
                else:
                    self._pin = pin
        self._settle()

    async def _opened_and_alive(self) -> list[tuple[int, WorkerProcess]]:
        """Return the workers that have the token open; wait a while for the first one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REPLACE_SECONDS):
                while not self._closing and self.status.state is not TokenState.ABSENT:
                    alive = [(i, worker) for i, worker in self._opened.items() if worker.alive]
                    if alive:
                        return alive
                    self._changed.clear()
                    await self._changed.wait()
        raise self._unavailable()

    async def _log_in(self, index: int, worker: WorkerProcess, pin: Pin) -> None:
        await worker.call(wire.Login(pin.reveal()), _LOGIN_SECONDS)
        self._ready[index] = worker

    def _after_refusal(self, error: SignetError) -> None:
        if error.reason in (Reason.PIN_REFUSED, Reason.PIN_BLOCKED):
            self._pin = None
            self._set_status(TokenState.LOCKED, error.message)

    async def lock(self) -> None:
        """Forget the PIN and log out: the workers are replaced by ones that never had it."""
        async with self._login:
            self._pin = None
            was_open = list(self._ready.values())
            self._ready.clear()
            self._set_status(TokenState.LOCKED, "it was locked by an administrator")
            self._queue.refuse_all(self._unavailable())
            await asyncio.gather(*(worker.close() for worker in was_open))

    def _settle(self) -> None:
        """Tell the state from the workers there are."""
        if self._ready or (self._pin is not None and self._opened):
            self._set_status(TokenState.READY, "")
        elif self._opened and self._pin is None and self.status.state is not TokenState.LOCKED:
            self._set_status(TokenState.LOCKED, "no PIN has been presented")
        self._queue.dispatch()

    def _set_status(self, state: TokenState, reason: str) -> None:
        if (state, reason) != (self.status.state, self.status.reason):
            self.status = TokenStatus(state, reason, _now())
            _log.info("token %s is %s %s", self.name, state.value, reason)
            self._changed.set()
            self._on_change()

    def _refusal(self) -> SignetError | None:
        is_ready = self.status.state is TokenState.READY and not self._closing
        return None if is_ready else self._unavailable()

    def _unavailable(self) -> SignetError:
        if self._closing:
            return SignetError(Reason.SHUTTING_DOWN, "the daemon is shutting down")
        if self.status.state is TokenState.LOCKED:
            why = f'token "{self.name}" is locked ({self.status.reason}); unlock it with its PIN'
            return SignetError(Reason.TOKEN_LOCKED, why)
        why = f'token "{self.name}" is not available: {self.status.reason}'
        return SignetError(Reason.TOKEN_ABSENT, why)

    async def _do(self, command: wire.Command, timeout: float) -> wire.Value:
        answer = self._queue.put(command, timeout)
        try:
            async with asyncio.timeout(timeout + self._request_timeout):
                return await answer
        except TimeoutError:
            raise SignetError(
                Reason.TOKEN_TIMEOUT, f'token "{self.name}" did not get to the request in time'
            ) from None

    async def sign(self, order: SignOrder, requester: Requester | None = None) -> bytes:
        """Make one signature: r‖s for SM2 and ECDSA, else the octets. Raises SignetError."""
        return _expect(await self._do(wire.Sign(order), self._request_timeout), bytes)

    async def keys(self) -> list[KeyInfo]:
        """List the key pairs on the token. Raises SignetError."""
        return _expect(await self._do(wire.ListKeys(), self._request_timeout), list)

    async def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        """Find the one key pair with this CKA_ID and label that is protected as it must be.

        Raises SignetError(KEY_NOT_ON_TOKEN, KEY_AMBIGUOUS, KEY_UNPROTECTED).
        """
        return enrolment.choose(await self.keys(), cka_id, label)

    async def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair on the token. Raises SignetError."""
        command = wire.Generate(key_type, label, cka_id)
        return _expect(await self._do(command, self._generate_timeout), KeyInfo)

    async def destroy(self, ref: KeyRef) -> None:
        """Destroy a key pair on the token. Raises SignetError."""
        await self._do(wire.Destroy(ref), self._request_timeout)


def _expect(value: wire.Value, kind: type[T]) -> T:
    """Check that a worker answered with what its call asks for; it is not trusted to."""
    if not isinstance(value, kind):
        raise SignetError(Reason.INTERNAL, f"a worker answered with {type(value).__name__}")
    return value


def _delay(failures: int) -> float:
    """Seconds until the next worker after so many failures; those of several tokens spread out."""
    seconds = _BACKOFF_SECONDS[min(failures, len(_BACKOFF_SECONDS) - 1)]
    return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _now() -> datetime:
    return datetime.now(UTC)
