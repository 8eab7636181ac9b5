"""Looks after workers that have nothing to do: is the token still there, is the worker too old?"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

from signetd.drivers.errors import SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.access import Access
from signetd.drivers.isolation.crew import Crew, PoolSettings
from signetd.drivers.isolation.ladder import Ladder
from signetd.drivers.isolation.process import WorkerProcess

_ASK_AGAIN_SECONDS: Final = 60.0  # after a worker could not be recycled


class Patrol:
    """Makes its round every ``check_interval`` seconds.

    A busy worker is left alone: its answers say how it is. *recycle* asks for a fresh one in the
    place of this index.
    """

    def __init__(
        self,
        crew: Crew,
        ladder: Ladder,
        access: Access,
        settings: PoolSettings,
        recycle: Callable[[int], None],
    ) -> None:
        self._crew = crew
        self._ladder = ladder
        self._access = access
        self._settings = settings
        self._recycle = recycle
        self.stop = asyncio.Event()
        self._sizes: dict[WorkerProcess, int] = {}
        self._asked: WeakKeyDictionary[WorkerProcess, float] = WeakKeyDictionary()

    async def run(self) -> None:
        """Make rounds until the pool closes. Never cancelled: a PIN may be on its way."""
        while not self._crew.closing:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), self._settings.check_interval)
            await asyncio.gather(
                *(self._look_at(i, worker) for i, worker in list(self._crew.opened.items()))
            )
            alive = set(self._crew.opened.values())
            self._sizes = {w: size for w, size in self._sizes.items() if w in alive}
            await self._access.look_again()

    async def _look_at(self, index: int, worker: WorkerProcess) -> None:
        if worker.alive and not worker.in_flight and not self._crew.closing:
            try:
                await worker.call(wire.Check(), self._settings.request_timeout)
            except SignetError as error:
                self._ladder.failed(worker, error)
                return
        if self._crew.ready.get(index) is worker and self._is_worn(worker):
            self._sizes.pop(worker, None)
            if self._asked.get(worker, 0.0) <= time.monotonic():
                self._asked[worker] = time.monotonic() + _ASK_AGAIN_SECONDS
                self._recycle(index)

    def _is_worn(self, worker: WorkerProcess) -> bool:
        settings = self._settings
        size = worker.resident_bytes()
        first = self._sizes.setdefault(worker, size)
        age = time.monotonic() - worker.began
        return (
            0 < settings.recycle_seconds <= age
            or 0 < settings.recycle_operations <= worker.served
            or 0 < settings.recycle_growth <= size - first
        )
