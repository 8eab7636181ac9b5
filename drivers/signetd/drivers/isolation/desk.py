"""Hands the requests that wait to the workers, and their answers back."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.crew import Crew
from signetd.drivers.isolation.ladder import Ladder
from signetd.drivers.isolation.process import NeverStarted, WorkerProcess, remedy_of
from signetd.drivers.isolation.queue import FairQueue, Job
from signetd.drivers.types import Remedy, Requester

_MAX_MOVES: Final = 8
_FINAL: Final = (Reason.PIN_REFUSED, Reason.INTERNAL)  # of the latter nobody knows when it came
_REPEATABLE: Final = (
    wire.Sign,
    wire.ListKeys,
    wire.TakeSurvey,
    wire.ReadAttributes,
    wire.FindTraces,
    wire.ReadCertificate,
)


class Desk:
    """The way of one request: queue, worker with the fewest calls, answer; at most one retry.

    A request is tried again once, and only when the token answered with an error, so that it made
    no signature. What no worker had begun is simply given to another one.
    """

    def __init__(
        self,
        crew: Crew,
        queue: FairQueue,
        ladder: Ladder,
        on_refused: Callable[[SignetError], None],
    ) -> None:
        self._crew = crew
        self._queue = queue
        self._ladder = ladder
        self._on_refused = on_refused

    async def do(self, command: wire.Command, timeout: float, requester: Requester) -> wire.Value:
        """Have a command carried out; *timeout* is what it may take in the token, in seconds.

        Raises SignetError: at once when the token does not serve or its queue is full.
        """
        if (refusal := self._crew.refusal()) is not None:
            raise refusal
        job = Job(command, timeout, requester)
        self._queue.put(job, len(self._crew.ready))
        self.dispatch()
        end = requester.deadline
        try:
            async with asyncio.timeout(None if end is None else max(0.0, end - time.monotonic())):
                return await job.future
        except TimeoutError:
            raise SignetError(
                Reason.DEADLINE_PASSED,
                f'the deadline passed before token "{self._crew.name}" had answered',
            ) from None

    def dispatch(self) -> None:
        """Hand waiting jobs to the workers with the fewest calls in flight."""
        while len(self._queue):
            alive = [worker for worker in self._crew.ready.values() if worker.alive]
            if not alive:
                return
            running = [worker for worker in alive if not worker.stalled] or alive
            worker = min(running, key=lambda w: w.in_flight)
            if not worker.has_room(wire.size_of(self._queue.first().command)):
                return
            job = self._queue.take()
            if not job.future.done():
                self._hand_over(job, worker)

    def worker_idle(self) -> None:
        """A worker has room again, or has ended."""
        self.dispatch()

    def worker_stalled(self, worker: WorkerProcess) -> None:
        """Others take over what waits behind a call that takes unusually long."""
        others = [w for w in self._crew.ready.values() if w is not worker and w.alive]
        if any(not other.stalled for other in others):
            worker.take_back()

    def _hand_over(self, job: Job, worker: WorkerProcess) -> None:
        answer = worker.call(job.command, job.timeout, job.requester.deadline)
        answer.add_done_callback(lambda done: self._answered(job, worker, done))
        job.future.add_done_callback(lambda given_up: _cancel_with(given_up, answer))

    def _answered(
        self, job: Job, worker: WorkerProcess, answer: asyncio.Future[wire.Value]
    ) -> None:
        if answer.cancelled():
            return
        error = answer.exception()
        if isinstance(error, SignetError):
            self._failed(job, worker, error)
        elif error is not None:
            _settle(job, error)
        else:
            self._ladder.served(worker)
            if not job.future.done():
                job.future.set_result(answer.result())

    def _failed(self, job: Job, worker: WorkerProcess, error: SignetError) -> None:
        if error.reason is Reason.PIN_REFUSED:
            self._on_refused(error)
        else:
            self._ladder.failed(worker, error)
        if self._may_repeat(job, error) and not job.future.done():
            self._queue.put_back(job)
            self.dispatch()
        else:
            _settle(job, error)

    def _may_repeat(self, job: Job, error: SignetError) -> bool:
        if not isinstance(job.command, _REPEATABLE) or self._crew.refusal() is not None:
            return False
        if isinstance(error, NeverStarted):
            job.moves += 1
            return job.moves <= _MAX_MOVES
        answered = remedy_of(error) is not Remedy.NONE and error.reason not in _FINAL
        if not answered or job.is_retry:
            return False
        job.is_retry = True
        return True

    def settled(self) -> None:
        """The token's state may have changed: serve what waits, or refuse it."""
        if (refusal := self._crew.refusal()) is not None:
            self._queue.refuse_all(refusal)
        else:
            self.dispatch()


def _settle(job: Job, error: BaseException) -> None:
    if not job.future.done():
        job.future.set_exception(error)


def _cancel_with(given_up: asyncio.Future[wire.Value], answer: asyncio.Future[wire.Value]) -> None:
    if given_up.cancelled():
        answer.cancel()
