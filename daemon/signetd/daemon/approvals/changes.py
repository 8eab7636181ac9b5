"""Tells those who listen of every change of an approval."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from signetd.daemon.approvals.parts import Clock, Store
from signetd.daemon.approvals.rules import as_of, name
from signetd.daemon.approvals.types import Approval, ApprovalState
from signetd.drivers.errors import SignetError

_log = structlog.get_logger("signetd.approvals")
_Value = TypeVar("_Value")


class Changes:
    """Passes on the changes that this daemon makes, from one event loop.

    Changes that another daemon makes in the same database are not told here.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._listeners: list[Callable[[Approval], None]] = []
        self._under_way: set[asyncio.Task[Any]] = set()

    def listen(self, listener: Callable[[Approval], None]) -> None:
        """Have *listener* called with each approval that has changed; it must not wait."""
        self._listeners.append(listener)

    def tell(self, approval: Approval) -> None:
        """Tell that an approval is like this now."""
        for listener in self._listeners:
            listener(approval)

    async def read_and_tell(self, approval_id: str) -> Approval | None:
        """Read how an approval is now, and tell it."""
        found = await asyncio.to_thread(self._store.get, approval_id)
        if found is None:
            return None
        now = as_of(found, self._clock())
        self.tell(now)
        return now

    def tell_use_later(self, approval_id: str) -> None:
        """Look in a task of its own whether an approval was used, and tell it.

        A failure is logged.
        """
        self._start(self._tell_use(approval_id))

    async def finish(self, work: Coroutine[Any, Any, _Value]) -> _Value:
        """Do *work* to its end, and what it tells, even if the caller goes away."""
        return await asyncio.shield(self._start(work))

    async def drain(self) -> None:
        """Wait until everything under way is told."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def _tell_use(self, approval_id: str) -> None:
        try:
            found = await asyncio.to_thread(self._store.get, approval_id)
            if found is not None and found.state is ApprovalState.USED:
                self.tell(found)
        except SignetError as error:
            _log.warning(
                "a change is not told to those who watch",
                approval=name(approval_id),
                reason=error.reason.value,
            )

    def _start(self, work: Coroutine[Any, Any, _Value]) -> asyncio.Task[_Value]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, for a caller that has gone away
