"""All work for one token goes through here; no PKCS#11 library is loaded in this process."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from signetd.drivers.errors import SignetError
from signetd.drivers.isolation import enrolment, wire
from signetd.drivers.isolation.access import Access
from signetd.drivers.isolation.crew import Crew, PoolSettings
from signetd.drivers.isolation.desk import Desk
from signetd.drivers.isolation.keeper import Keeper, expect
from signetd.drivers.isolation.ladder import Ladder
from signetd.drivers.isolation.patrol import Patrol
from signetd.drivers.isolation.process import Listener
from signetd.drivers.isolation.queue import FairQueue
from signetd.drivers.life import TokenStatus, Transition
from signetd.drivers.pins import PinGuard, PinSource, SerialBook
from signetd.drivers.types import (
    Attributes,
    AttributeValue,
    KeyInfo,
    KeyRef,
    KeyType,
    Pin,
    Requester,
    SignOrder,
    Survey,
    TokenInfo,
    TokenSettings,
    Traces,
)

_log = logging.getLogger("signetd.token")
_START_SECONDS: Final = 15.0  # a token that takes longer comes while the daemon runs
_NOBODY: Final = Requester()


def _nothing(transition: Transition) -> None:
    """Nobody listens for changes."""


class TokenPool:
    """A token, whatever becomes of its workers.

    *lock_file* serialises the starts of its module. *guard* and *serials* remember across
    restarts; *source* is asked for the PIN when no administrator gives one.
    """

    def __init__(
        self,
        name: str,
        token: TokenSettings,
        settings: PoolSettings,
        *,
        lock_file: Path,
        guard: PinGuard,
        serials: SerialBook,
        source: PinSource | None = None,
        on_change: Callable[[Transition], None] = _nothing,
    ) -> None:
        self.name = name
        self.settings = settings
        self._token = msgspec.structs.replace(token, workers=settings.workers)
        self.lock_file = lock_file
        self._serials = serials
        self.crew = Crew(
            name=name, wanted=settings.workers, on_change=on_change, on_settled=self._settled
        )
        self._queue = FairQueue(
            settings.queue, settings.queue_per_client, settings.queue_seconds, self.crew.pace
        )
        self.access = Access(self.crew, settings.start_timeout, guard, serials, source)
        self._ladder = Ladder(self.crew, self.access, settings.request_timeout)
        self._desk = Desk(self.crew, self._queue, self._ladder, self._refused)
        self._keepers = [Keeper(index, self) for index in range(settings.workers)]
        self._patrol = Patrol(self.crew, self._ladder, self.access, settings, self._recycle)
        self._tasks: list[asyncio.Task[None]] = []
        self._begun: set[asyncio.Task[None]] = set()

    @property
    def status(self) -> TokenStatus:
        """The token's state, why, and since when."""
        return self.crew.status

    @property
    def info(self) -> TokenInfo | None:
        """What the token says of itself; None before it was first seen."""
        return self.crew.info

    @property
    def workers(self) -> int:
        """How many workers it should have."""
        return self.settings.workers

    @property
    def workers_ready(self) -> int:
        """How many workers are logged in."""
        return len(self.crew.ready)

    @property
    def token(self) -> TokenSettings:
        """How the token is found: as configured, and no other than the one that is known."""
        serial = self._token.serial or self.crew.serial
        return msgspec.structs.replace(self._token, serial=serial)

    @property
    def listener(self) -> Listener:
        """Who is told how the workers get on."""
        return self._desk

    async def start(self) -> None:
        """Start the workers; wait for them a while, not for a token that is absent or hangs."""
        self.crew.serial = await self._serials.serial(self.name)
        self._tasks = [asyncio.create_task(keeper.run()) for keeper in self._keepers]
        self._tasks.append(asyncio.create_task(self._patrol.run()))
        for task in self._tasks:
            task.add_done_callback(self._ended)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_SECONDS):
                await self._keepers[0].tried.wait()
                if self.crew.opened:
                    await asyncio.gather(*(keeper.tried.wait() for keeper in self._keepers))

    async def close(self) -> None:
        """Log out, end the workers, and refuse whatever is left."""
        self.crew.closing = True
        self._queue.refuse_all(self.crew.unavailable())
        self._patrol.stop.set()
        present = {keeper.present for keeper in self._keepers} - {None}
        opened = set(self.crew.opened.values())
        for worker in present - opened:  # it may hang in its module's start
            if worker is not None:
                worker.kill()
        self.crew.changed.set()
        for keeper in self._keepers:
            keeper.wake.set()
        await asyncio.gather(*(worker.close() for worker in opened))
        await self._ladder.close()
        await asyncio.gather(*self._tasks, *self._begun, return_exceptions=True)
        self.access.forget()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Tell of a task that broke: without it nobody looks after the workers."""
        if not self.crew.closing:
            error = None if task.cancelled() else task.exception()
            _log.critical("token %s is no longer looked after", self.name, exc_info=error)

    def _settled(self) -> None:
        self._desk.settled()

    def _recycle(self, index: int) -> None:
        if not self.crew.closing:
            self._keepers[index].recycle.set()

    def _refused(self, error: SignetError) -> None:
        self._begin(self.access.refused_in_use(error))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return task

    async def _finish(self, work: Coroutine[Any, Any, None]) -> None:
        """See *work* through even if its caller goes: how a login ends must be written down."""
        await asyncio.shield(self._begin(work))

    async def unlock(self, pin: Pin, *, accept_final_try: bool = False) -> None:
        """Present an administrator's user PIN, once; a failed token is tried again first.

        Raises SignetError(PIN_REFUSED, PIN_BLOCKED, TOKEN_ABSENT, TOKEN_RECOVERING).
        """
        for keeper in self._keepers:
            keeper.wake.set()
        await self._finish(self.access.unlock(pin, accept_final_try=accept_final_try))

    async def lock(self) -> None:
        """Forget the PIN and log out: the workers are replaced by ones that never had it."""
        await self._finish(self.access.lock())

    def complain(self, topic: str, why: str) -> None:
        """Show the token as degraded for this reason, until ``settle``."""
        self.crew.complaints[topic] = why
        self.crew.settle()

    def settle(self, topic: str) -> None:
        """Take back a complaint."""
        if self.crew.complaints.pop(topic, None) is not None:
            self.crew.settle()

    async def sign(self, order: SignOrder, requester: Requester = _NOBODY) -> bytes:
        """Make one signature: r‖s for SM2 and ECDSA, else the octets. Raises SignetError."""
        timeout = self.settings.request_timeout
        return expect(await self._desk.do(wire.Sign(order), timeout, requester), bytes)

    async def sign_many(
        self, orders: Sequence[SignOrder], requester: Requester = _NOBODY
    ) -> list[bytes | SignetError]:
        """Make many signatures; return for each order, in order, its signature or its error.

        The signatures are as those of ``sign``, and an item fails and is tried again by itself.
        Orders that differ in nothing but their data cost the least. Raises no SignetError: what
        concerns all, as TOKEN_LOCKED, is the result of each.
        """
        return await self._desk.sign_many(orders, self.settings.request_timeout, requester)

    async def keys(self) -> list[KeyInfo]:
        """List the key pairs on the token. Raises SignetError."""
        timeout = self.settings.request_timeout
        return expect(await self._desk.do(wire.ListKeys(), timeout, _NOBODY), list)

    async def find_key(self, *, cka_id: bytes = b"", label: str = "") -> KeyInfo:
        """Find the one key pair with this CKA_ID and label that is protected as it must be.

        Raises SignetError(KEY_NOT_ON_TOKEN, KEY_AMBIGUOUS, KEY_UNPROTECTED).
        """
        return enrolment.choose(await self.survey(), cka_id, label)

    async def survey(self) -> Survey:
        """List every private key on the token, those too that make no usable pair."""
        timeout = self.settings.request_timeout
        return expect(await self._desk.do(wire.TakeSurvey(), timeout, _NOBODY), Survey)

    async def attributes(self, ref: KeyRef) -> dict[str, AttributeValue]:
        """Return what the token says now of a private key, by the attributes' names (CKA_…).

        What it does not report is not there. Raises SignetError.
        """
        command = wire.ReadAttributes(ref)
        answer = await self._desk.do(command, self.settings.request_timeout, _NOBODY)
        return expect(answer, Attributes).values

    async def generate(self, key_type: KeyType, *, label: str, cka_id: bytes) -> KeyInfo:
        """Generate a key pair on the token.

        The CKA_ID of the answer is the one that the token gave it. Raises SignetError, KEY_EXISTS
        where a key on the token has this CKA_ID already.
        """
        command = wire.Generate(key_type, label, cka_id)
        timeout = self.settings.generate_timeout
        return expect(await self._desk.do(command, timeout, _NOBODY), KeyInfo)

    async def store_certificate(self, ref: KeyRef, der: bytes, label: str) -> None:
        """Put a key pair's certificate beside it, in place of the former. Raises SignetError."""
        command = wire.StoreCertificate(ref, der, label)
        await self._desk.do(command, self.settings.request_timeout, _NOBODY)

    async def read_certificate(self, ref: KeyRef, requester: Requester = _NOBODY) -> bytes:
        """Return the certificate beside a key pair in DER, b"" for none. Raises SignetError."""
        timeout = self.settings.request_timeout
        return expect(await self._desk.do(wire.ReadCertificate(ref), timeout, requester), bytes)

    async def destroy(self, ref: KeyRef) -> None:
        """Destroy a key pair on the token, and the certificates under its CKA_ID.

        Raises SignetError, KEY_NOT_ON_TOKEN where nothing of it is there.
        """
        await self._desk.do(wire.Destroy(ref), self.settings.request_timeout, _NOBODY)

    async def find_traces(self, ref: KeyRef) -> Traces:
        """Look for whatever is left of a key pair, in a fresh session of every worker.

        Raises SignetError when one of them could not look: nothing is proven then.
        """
        if (refusal := self.crew.refusal()) is not None:
            raise refusal
        command, timeout = wire.FindTraces(ref), self.settings.request_timeout
        calls = [worker.call(command, timeout) for worker in self.crew.ready.values()]
        if not calls:
            raise self.crew.unavailable()
        found = [expect(answer, Traces) for answer in await asyncio.gather(*calls)]
        return functools.reduce(Traces.merged, found)
