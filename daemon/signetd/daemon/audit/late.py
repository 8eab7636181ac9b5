"""Records of what nobody waits for any more: written as soon as possible, and before the end."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

from signetd.daemon.audit.types import Entry, Event, Ledger
from signetd.drivers.errors import SignetError

_Value = TypeVar("_Value")
_log = structlog.get_logger("signetd.audit")


class LateRecords:
    """Tasks that are finished although their callers have gone; for one event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, _Value]) -> "asyncio.Task[_Value]":
        """Begin *work*, and keep it until it is done; what it raises is for whoever waits."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def write(self, event: Event) -> None:
        """Write *event* soon; when that fails, it is logged."""
        self.start(self._write(event))

    async def drain(self) -> None:
        """Wait for all of it; before the ledger is closed."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _write(self, event: Event) -> None:
        try:
            await self._ledger.write(Entry(event=event))
        except SignetError as error:
            _log.error("end of a call not recorded", request_id=event.request_id, why=error.message)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that nobody is warned when the caller has gone
