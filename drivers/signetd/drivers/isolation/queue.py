"""The requests that wait for a token, and how they reach its workers."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.process import NeverStarted, WorkerProcess

_WINDOW: Final = 16  # calls that a worker may have at once: enough to be never idle


@dataclass
class Job:
    """A command, the seconds it may take in the token, and who waits for it."""

    command: wire.Command
    timeout: float
    future: asyncio.Future[wire.Value]
    is_retry: bool = False


class WorkQueue:
    """A bounded queue in front of the workers of one token.

    *refusal* says why nothing can be done now, or None; *workers* are those that are logged in.
    """

    def __init__(
        self,
        limit: int,
        refusal: Callable[[], SignetError | None],
        workers: Callable[[], Collection[WorkerProcess]],
    ) -> None:
        self._limit = limit
        self._refusal = refusal
        self._workers = workers
        self._waiting: deque[Job] = deque()

    def put(self, command: wire.Command, timeout: float) -> asyncio.Future[wire.Value]:
        """Queue a command. Raises SignetError at once when it cannot be served or queued."""
        if (refusal := self._refusal()) is not None:
            raise refusal
        if len(self._waiting) >= self._limit:
            raise SignetError(
                Reason.TOKEN_BUSY,
                f"{self._limit} requests wait for the token already; try again later",
            )
        job = Job(command, timeout, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self.dispatch()
        return job.future

    def dispatch(self) -> None:
        """Hand waiting jobs to the workers with the fewest calls in flight."""
        while self._waiting:
            alive = [worker for worker in self._workers() if worker.alive]
            if not alive:
                return
            worker = min(alive, key=lambda w: w.in_flight)
            if worker.in_flight >= _WINDOW:
                return
            job = self._waiting.popleft()
            if not job.future.done():  # a caller who went away is not served
                self._hand_over(job, worker)

    def refuse_all(self, error: SignetError) -> None:
        """Fail whatever waits."""
        while self._waiting:
            job = self._waiting.popleft()
            if not job.future.done():
                job.future.set_exception(error)

    def _hand_over(self, job: Job, worker: WorkerProcess) -> None:
        def done(answer: asyncio.Future[wire.Value]) -> None:
            if answer.cancelled():
                return
            error = answer.exception()
            if job.future.done():
                return
            if isinstance(error, NeverStarted) and self._may_retry(job):
                job.is_retry = True
                self._waiting.appendleft(job)
                self.dispatch()
            elif error is not None:
                job.future.set_exception(error)
            else:
                job.future.set_result(answer.result())

        answer = worker.call(job.command, job.timeout)
        answer.add_done_callback(done)
        job.future.add_done_callback(lambda given_up: _cancel_with(given_up, answer))

    def _may_retry(self, job: Job) -> bool:
        """A signature that no worker began is made by another one, once; nothing else is."""
        return isinstance(job.command, wire.Sign) and not job.is_retry and self._refusal() is None


def _cancel_with(given_up: asyncio.Future[wire.Value], answer: asyncio.Future[wire.Value]) -> None:
    if given_up.cancelled():
        answer.cancel()
