"""Checkpoints: signatures over the chain's tail, made by count, by time, and when asked for."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
import structlog

from signetd.daemon.audit import chain
from signetd.daemon.audit.chain import CheckpointEvent, Place, decode, read_time
from signetd.daemon.audit.group import Clock, utc_now
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.signer import AuditKey, Signer
from signetd.daemon.audit.types import Entry, Kind
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError

RECORDS: Final = 1000
"""Records after which a checkpoint is made."""
SECONDS: Final = 3600.0
"""Seconds after which one is made, if there are new records."""
_log = structlog.get_logger("signetd.audit")


class CheckpointState(msgspec.Struct, frozen=True, kw_only=True):
    """``covered`` is the last number that a checkpoint covers; ``failure`` why none is made."""

    covered: int = 0
    time: datetime | None = None
    failure: str = ""


class Checkpoints:
    """Has checkpoints signed and written; begins with ``start``, ends with ``close``.

    After *records* records, or after *seconds* if there is a new one; a failure is told to
    ``on_change`` ("" when it is over), and tried again with waits from the first to the second of
    *retry_seconds*, each twice the one before.
    """

    def __init__(
        self,
        ledger: GroupLedger,
        store: AuditStore,
        signer: Signer,
        *,
        records: int = RECORDS,
        seconds: float = SECONDS,
        clock: Clock = utc_now,
        on_change: Callable[[str], None] | None = None,
        retry_seconds: tuple[float, float] = (1.0, 60.0),
    ) -> None:
        self._ledger, self._store, self.signer = ledger, store, signer
        self._records, self._seconds, self._clock = records, seconds, clock
        self._on_change = on_change
        self._first_wait, self._longest_wait = retry_seconds
        self._made = time.monotonic()
        self._lock = asyncio.Lock()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.state = CheckpointState()

    async def start(self) -> None:
        """Find the last checkpoint, and make new ones from now on; after the ledger's ``load``."""
        body = await asyncio.to_thread(self._store.last_checkpoint)
        if body is not None:
            record = decode(body)
            made = read_time(record.checkpoint_time)
            self.state = CheckpointState(covered=record.covers_number, time=made)
            self._made -= max(0.0, (self._clock() - made).total_seconds())
        self._ledger.on_written(lambda _: self._news.set())
        self._task = asyncio.create_task(self._run(), name="audit-checkpoints")

    async def close(self) -> None:
        """Make no more; a second call does nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def make(self) -> CheckpointState:
        """Have what is written so far signed, and write that down; return the new state.

        Raises KEY_NOT_FOUND where no key is to sign, and what the signer and the ledger raise.
        """
        async with self._lock:
            try:
                await self._make()
            except SignetError as error:
                self._tell(error.message)
                raise
            except Exception as error:
                self._tell(f"an error that nobody foresaw, {type(error).__name__}")
                raise
            self._tell("")
            return self.state

    async def _make(self) -> None:
        key = self.signer.key()
        if key is None:
            raise SignetError(
                Reason.KEY_NOT_FOUND,
                "No key signs checkpoints. Make one with the purpose AUDIT, and name it in the "
                "configuration.",
            )
        covers, moment = self._ledger.tail, self._clock()
        event = await self._signed(key, covers, chain.write_time(moment))
        await self._ledger.write(Entry(event=event))
        self._made = time.monotonic()
        self.state = CheckpointState(covered=covers.number, time=moment, failure=self.state.failure)

    async def _signed(self, key: AuditKey, covers: Place, moment: str) -> CheckpointEvent:
        data = chain.statement(
            chain=self._store.chain,
            covers=covers,
            time=moment,
            key=key.fingerprint,
            algorithm=key.algorithm,
        )
        signature = await self.signer.sign(key, data)
        return CheckpointEvent(
            kind=Kind.CHECKPOINT,
            operation="checkpoint",
            resource=key.name,
            allowed=True,
            result="OK",
            algorithm=key.algorithm,
            covers_number=covers.number,
            covers_hash=covers.hash,
            checkpoint_time=moment,
            key=key.fingerprint,
            key_spki=key.spki_text,
            signature=signature.hex(),
        )

    async def _run(self) -> None:
        wait = self._first_wait
        while True:
            await self._until_due()
            try:
                await self.make()
                wait = self._first_wait
            except Exception:  # told by `make`; nothing may end the checkpoints for good
                await asyncio.sleep(wait)
                wait = min(2 * wait, self._longest_wait)

    async def _until_due(self) -> None:
        while True:
            self._news.clear()
            left = self._made + self._seconds - time.monotonic()
            uncovered = self._uncovered()
            has_key = self.signer.key() is not None
            if has_key and (uncovered >= self._records or (uncovered and left <= 0)):
                return
            try:
                # Not wait_for, which forgets that it was cancelled when there is news as well.
                async with asyncio.timeout(left if left > 0 and uncovered else None):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _uncovered(self) -> int:
        # The last checkpoint itself is no news that would need another one.
        own = 0 if self.state.time is None else 1
        return max(0, self._ledger.tail.number - self.state.covered - own)

    def _tell(self, failure: str) -> None:
        if failure == self.state.failure:
            return
        self.state = msgspec.structs.replace(self.state, failure=failure)
        if failure:
            _log.error("audit_checkpoint_failed", cause=failure)
        else:
            _log.info("audit_checkpoint_made", covered=self.state.covered)
        if self._on_change is not None:
            self._on_change(failure)
