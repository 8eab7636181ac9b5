"""Recovery, in one place: fresh session, login again, another worker.

The last rung, a token that fails for good and is looked at ever more seldom, is the keeper's.
"""

import asyncio
import logging
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.access import Access
from signetd.drivers.isolation.crew import Crew
from signetd.drivers.isolation.errand import WorkerFailure, remedy_of
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.types import Remedy

_log = logging.getLogger("signetd.token")
_RUNGS: Final = (Remedy.NONE, Remedy.SESSION, Remedy.LOGIN, Remedy.WORKER)


class Ladder:
    """Brings workers back to work. On every rung the keys are found again by their public keys.

    A worker that fails again before it has served anything climbs one rung higher.
    """

    def __init__(self, crew: Crew, access: Access, timeout: float) -> None:
        self._crew = crew
        self._access = access
        self._timeout = timeout
        self._climbing: dict[WorkerProcess, asyncio.Task[None]] = {}

    def served(self, worker: WorkerProcess) -> None:
        """Take note that a worker works: it begins at the lowest rung next time."""
        worker.rung = 0

    def failed(self, worker: WorkerProcess, error: SignetError) -> None:
        """Do what the failure of a call asks for; nothing where the token only said no."""
        remedy = remedy_of(error)
        if remedy is Remedy.NONE or worker in self._climbing or not worker.alive:
            return
        index = next((i for i, w in self._crew.ready.items() if w is worker), None)
        if index is None:  # not logged in: there is nothing to renew
            self._replace(worker, error)
            return
        del self._crew.ready[index]
        self._crew.missing = error.message
        task = asyncio.create_task(self._climb(index, worker, error))
        self._climbing[worker] = task
        task.add_done_callback(lambda _: self._climbing.pop(worker, None))
        self._crew.settle()

    async def _climb(self, index: int, worker: WorkerProcess, error: SignetError) -> None:
        while True:
            rung = max(_RUNGS.index(remedy_of(error)), worker.rung + 1)
            remedy = _RUNGS[min(rung, len(_RUNGS) - 1)]
            worker.rung = rung
            if error.reason is Reason.KEY_NOT_ON_TOKEN:  # it serves others: they lose nothing
                worker.take_back()
                await worker.drained(self._timeout)
            if remedy is Remedy.WORKER or not isinstance(error, WorkerFailure):
                self._replace(worker, error)
                return
            try:
                await self._try(remedy, worker)
            except SignetError as failure:
                error = failure
                continue
            break
        _log.info("token %s: worker %d is back (%s)", self._crew.name, index, remedy.value)
        if self._crew.opened.get(index) is worker and worker.alive and self._crew.unlocked:
            self._crew.ready[index] = worker
        else:  # locked meanwhile, or replaced
            worker.kill()
        self._crew.settle()

    async def _try(self, remedy: Remedy, worker: WorkerProcess) -> None:
        if remedy is Remedy.LOGIN:
            await self._access.log_in_again(worker)
        else:
            await worker.call(wire.Renew(), self._timeout)

    def _replace(self, worker: WorkerProcess, error: SignetError) -> None:
        self._crew.missing = error.message
        if error.reason is Reason.TOKEN_ABSENT:
            _log.warning("token %s: %s", self._crew.name, error.message)
        worker.kill()

    async def close(self) -> None:
        """Wait for the climbs to end, as they do when their workers are closed."""
        await asyncio.gather(*self._climbing.values(), return_exceptions=True)
