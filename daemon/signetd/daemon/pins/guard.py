"""The PIN guard: what is presented to a token is written down before, and refusals are kept.

A run that dies between the presenting and the answer leaves a pending record, which counts as a
refusal: the token may have counted the PIN. What is kept of a PIN is said in `hashing`, the rules
are in `ledger`.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final, Protocol
from weakref import WeakValueDictionary

import structlog

from signetd.daemon.pins import ledger
from signetd.daemon.pins.hashing import PinHasher
from signetd.daemon.pins.types import AttemptState, PinAttempt
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Pin

_log = structlog.get_logger("signetd.pins")
_NEXT_TIME: Final = "the PIN counts as refused until an administrator unlocks the token"


class Attempts(Protocol):
    """Where attempts are kept; its method blocks and is called in threads."""

    def change(self, serial: str, decide: Callable[[list[PinAttempt]], list[PinAttempt]]) -> None:
        """Put what *decide* returns in the place of a token's attempts; raises INTERNAL."""
        ...


class StoredPinGuard:
    """Implements drivers.pins.PinGuard on a database; one per daemon, used from one event loop.

    For each token one thing happens at a time, and what has begun is finished even if its caller
    goes away; ``drain`` waits for that.
    """

    def __init__(self, attempts: Attempts, hasher: PinHasher) -> None:
        self._attempts = attempts
        self._hasher = hasher
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._under_way: set[asyncio.Task[None]] = set()
        # Serials of which a PIN was accepted, but the database could not be told yet.
        self._accepted: set[str] = set()

    async def begin(self, serial: str, pin: Pin, *, by_itself: bool) -> None:
        """Write down durably that *pin* is about to be presented.

        Raises SignetError PIN_BLOCKED (only with *by_itself*) for a PIN that was refused, or of
        which that is not known, and after ledger.PINS_WITHOUT_A_PERSON others; INTERNAL when
        nothing can be written. When this raises, also for being cancelled, nothing is left that
        stands in the way of the next attempt.
        """
        written = self._start(serial, partial(self._begin, serial, pin, by_itself))
        try:
            await asyncio.shield(written)
        except asyncio.CancelledError:
            written.add_done_callback(partial(self._withdraw, serial, pin))
            raise

    async def accepted(self, serial: str) -> None:
        """Forget all refusals of this token. What cannot be written now is made up for later."""
        await asyncio.shield(self._start(serial, partial(self._accept, serial)))

    async def refused(self, serial: str, pin: Pin, why: str) -> None:
        """Write down that the token has, or may have, counted *pin* as wrong.

        If that cannot be written, the record of ``begin`` has the same effect.
        """
        await asyncio.shield(self._start(serial, partial(self._refuse, serial, pin, why)))

    async def not_presented(self, serial: str, pin: Pin) -> None:
        """Undo ``begin``: the token was not asked after all. If it cannot be, that is logged."""
        await asyncio.shield(self._start(serial, partial(self._discard, serial, pin)))

    async def drain(self) -> None:
        """Wait for what is being written; before the database is closed."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start(self, serial: str, work: Callable[[], None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._in_turn(serial, work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _in_turn(self, serial: str, work: Callable[[], None]) -> None:
        turn = self._turns.setdefault(serial, asyncio.Lock())
        async with turn:
            await asyncio.to_thread(work)

    def _withdraw(self, serial: str, pin: Pin, written: asyncio.Task[None]) -> None:
        if not written.cancelled() and written.exception() is None:
            self._start(serial, partial(self._discard, serial, pin))

    # Everything below runs in threads.

    def _begin(self, serial: str, pin: Pin, by_itself: bool) -> None:
        new = self._attempt(serial, pin, AttemptState.PENDING)
        rule = ledger.begin_by_itself if by_itself else ledger.begin_asked
        forget = serial in self._accepted

        def decide(known: list[PinAttempt]) -> list[PinAttempt]:
            return rule([] if forget else known, new)

        try:
            self._attempts.change(serial, decide)
        except SignetError as error:
            if error.reason is Reason.PIN_BLOCKED:
                raise
            raise SignetError(
                error.reason, f"The PIN is not presented to the token. {error.message}"
            ) from None
        self._accepted.discard(serial)

    def _accept(self, serial: str) -> None:
        try:
            self._attempts.change(serial, lambda known: [])
        except SignetError as error:
            self._accepted.add(serial)
            _not_written(serial, error, "if the daemon ends before that, " + _NEXT_TIME)

    def _refuse(self, serial: str, pin: Pin, why: str) -> None:
        refusal = self._attempt(serial, pin, AttemptState.REFUSED, why)
        try:
            self._attempts.change(serial, lambda known: ledger.refused(known, refusal))
        except SignetError as error:
            _not_written(serial, error, _NEXT_TIME)

    def _discard(self, serial: str, pin: Pin) -> None:
        pin_hash = self._hasher.hash(serial, pin)
        try:
            self._attempts.change(serial, lambda known: ledger.not_presented(known, pin_hash))
        except SignetError as error:
            _not_written(serial, error, _NEXT_TIME)

    def _attempt(self, serial: str, pin: Pin, state: AttemptState, why: str = "") -> PinAttempt:
        return PinAttempt(
            token_serial=serial,
            pin_hash=self._hasher.hash(serial, pin),
            state=state,
            reason=why,
            time=datetime.now(UTC),
        )


def _not_written(serial: str, error: SignetError, consequence: str) -> None:
    _log.error(
        "PIN attempt not written down", serial=serial, detail=error.message, consequence=consequence
    )
