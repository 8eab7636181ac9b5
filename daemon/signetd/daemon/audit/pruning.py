"""Removes records that an export has taken and a checkpoint covers."""

import asyncio
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from signetd.daemon.audit.checkpoints import Checkpoints
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.audit.types import Effect, Entry, Event, Written
from signetd.daemon.state.audit import AuditStore, ChainFacts
from signetd.drivers.errors import Reason, SignetError

_PAUSE: Final = 0.02
"""Seconds between two deletions, in which others can write."""
_log = structlog.get_logger("signetd.audit")


class Pruner:
    """Moves the beginning of the chain; the rows before it are deleted little by little.

    A chain begins where its row says, so that records before that do not count any more as soon as
    the act is in the chain. ``start`` goes on with what another run has left.
    """

    def __init__(self, ledger: GroupLedger, store: AuditStore, checkpoints: Checkpoints) -> None:
        self._ledger, self._store, self._checkpoints = ledger, store, checkpoints
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Delete, beside everything else, what is before the first record."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._delete(), name="audit-pruning")

    async def close(self) -> None:
        """Stop deleting; a second call does nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def prune(self, first: int, event: Event) -> Written:
        """Let the chain begin with the record *first*; *event* is the record that says so.

        Raises AUDIT_RANGE_WRONG when there is nothing to remove, no finished export has all that
        would be removed, or no checkpoint covers it; the refusal is in the chain then.
        """
        effect = self._effect(first, self._checkpoints.state.covered)
        written = await self._ledger.write(Entry(event=event, effects=(effect,)))
        self.start()
        return written

    def _effect(self, first: int, covered: int) -> Effect:
        def effect(connection: Connection, moment: datetime) -> None:
            _check(first, self._store.facts_in(connection), covered)
            self._store.move_first(connection, first)

        return effect

    async def _delete(self) -> None:
        try:
            while True:
                if not await asyncio.to_thread(self._store.delete_pruned):
                    return
                await asyncio.sleep(_PAUSE)
        except SignetError as error:
            # Nothing is lost: the next one who prunes, or the next start, goes on with it.
            _log.warning("audit_pruning_stopped", cause=error.message)


def _check(first: int, facts: ChainFacts, covered: int) -> None:
    if first <= facts.first:
        raise _wrong(first, f"the audit begins with the record {facts.first} already")
    if first - 1 > facts.exported:
        raise _wrong(
            first,
            f"exports without a gap have taken the records up to {facts.exported} only: export "
            "the others first",
        )
    if first - 1 > covered:
        raise _wrong(
            first, f"checkpoints cover the records up to {covered} only: make a checkpoint first"
        )


def _wrong(first: int, why: str) -> SignetError:
    return SignetError(
        Reason.AUDIT_RANGE_WRONG, f"The records before {first} cannot be removed: {why}."
    )
