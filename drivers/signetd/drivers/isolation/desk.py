"""Hands the requests that wait to the workers, and their answers back."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.batch import Batch, Chunk
from signetd.drivers.isolation.crew import Crew
from signetd.drivers.isolation.deadlines import Deadlines
from signetd.drivers.isolation.errand import NeverStarted, remedy_of
from signetd.drivers.isolation.job import Job, Single
from signetd.drivers.isolation.ladder import Ladder
from signetd.drivers.isolation.misses import Misses
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.isolation.queue import FairQueue
from signetd.drivers.types import Remedy, Requester, SignOrder

_MAX_MOVES: Final = 8
_FINAL: Final = (Reason.PIN_REFUSED, Reason.INTERNAL)  # of the latter nobody knows when it came


class Desk:
    """The way of one request: queue, worker with the fewest calls, answer; at most one retry.

    A request is tried again once, and only when the token answered with an error, so that it made
    no signature. What no worker had begun is simply given to another one. For the items of a batch
    the same holds, each by itself; one chunk of it waits while others are at work.
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
        self._misses = Misses()
        self._deadlines: Deadlines[Single | Batch] = Deadlines(self._late)

    async def do(self, command: wire.Command, timeout: float, requester: Requester) -> wire.Value:
        """Have a command carried out; *timeout* is what it may take in the token, in seconds.

        Raises SignetError: at once when the token does not serve or its queue is full.
        """
        if (refusal := self._refusal(requester)) is not None:
            raise refusal
        job = Single(self, command, timeout, requester)
        if len(self._queue) or not self._hand(job):
            self._queue.put(job, len(self._crew.ready))
            self.dispatch()
        self._deadlines.add(job)
        try:
            return await job.future
        finally:
            self._deadlines.remove(job)
            if job.future.cancelled():
                self._give_up(job)

    async def sign_many(
        self, orders: Sequence[SignOrder], timeout: float, requester: Requester
    ) -> list[bytes | SignetError]:
        """Make many signatures; return what became of each order, in their order.

        *timeout* is what one of them may take in the token, in seconds. Raises no SignetError.
        """
        if (refusal := self._refusal(requester)) is not None:
            return [refusal] * len(orders)
        if not orders:
            return []
        batch = Batch(orders, requester, timeout)
        self._feed(batch)
        self.dispatch()
        self._deadlines.add(batch)
        try:
            await batch.future
        finally:
            self._deadlines.remove(batch)
            if batch.future.cancelled():
                self._give_up_all(batch)
        return [result for result in batch.results if result is not None]

    def _refusal(self, requester: Requester) -> SignetError | None:
        end = requester.deadline
        return (
            self._passed() if end is not None and end <= time.monotonic() else self._crew.refusal()
        )

    def _passed(self) -> SignetError:
        return SignetError(
            Reason.DEADLINE_PASSED,
            f'the deadline passed before token "{self._crew.name}" had answered',
        )

    def _feed(self, batch: Batch) -> None:
        """Have one chunk of a batch wait, as long as there is something left of it."""
        if (refusal := self._crew.refusal()) is not None:
            batch.refuse(refusal)
        elif not batch.waits:
            largest = min(self._crew.pace.chunk, self._queue.largest)
            if not self._cut(batch, largest, last=largest == 1) and largest > 1:
                self._cut(batch, 1, last=True)  # as one request would have to fit

    def _cut(self, batch: Batch, most: int, *, last: bool) -> bool:
        """Have a chunk of so many items wait; say whether it does, or there is none to cut."""
        workers = len(self._crew.ready)
        chunk = batch.cut(self, most, workers)
        if chunk is None:
            return True
        try:
            self._queue.put(chunk, workers)
        except SignetError as error:
            batch.uncut(chunk)
            if last:
                batch.put_off(error)
            return False
        return True

    def dispatch(self) -> None:
        """Hand waiting jobs to the workers with the fewest operations in flight."""
        queue = self._queue
        while len(queue):
            job = queue.first()
            if not self._hand(job, queue):
                return
            if isinstance(job, Chunk):
                self._feed(job.batch)

    def _hand(self, job: Job, queue: FairQueue | None = None) -> bool:
        """Give a job, the first of *queue*, to the best worker; say whether that has room."""
        worker = self._least_busy()
        if worker is None or not worker.has_room(job.items, job.size):
            return False
        if queue is not None:
            queue.take()
        if not job.done:
            worker.give(job)
        return True

    def _least_busy(self) -> WorkerProcess | None:
        """Choose a worker; one that is stalled only if all are."""
        best: WorkerProcess | None = None
        for worker in self._crew.ready.values():
            if worker.alive and (
                best is None or (worker.stalled, worker.in_flight) < (best.stalled, best.in_flight)
            ):
                best = worker
        return best

    def worker_idle(self) -> None:
        """A worker has room again, or has ended."""
        self.dispatch()

    def worker_stalled(self, worker: WorkerProcess) -> None:
        """Others take over what waits behind a call that takes unusually long."""
        others = [w for w in self._crew.ready.values() if w is not worker and w.alive]
        if any(not other.stalled for other in others):
            worker.take_back()

    def served(self, worker: WorkerProcess) -> None:
        """A worker answered: it works."""
        self._ladder.served(worker)

    def ended(self, chunk: Chunk) -> None:
        """All items of a chunk are done: what is left of its batch may not be waiting yet."""
        self._feed(chunk.batch)

    def failed(self, job: Job, worker: WorkerProcess, error: SignetError) -> None:
        """See what a failure asks for: of the worker, and of the job, which was not begun."""
        job.worker = None
        if error.reason is Reason.KEY_NOT_ON_TOKEN and remedy_of(error) is Remedy.WORKER:
            self._not_found(job, worker, error)
            return
        if error.reason is Reason.PIN_REFUSED:
            self._on_refused(error)
        else:
            self._ladder.failed(worker, error)
        if job.done:
            return
        if self._may_repeat(job, error):
            self._queue.put_back(job)
        else:
            self._fail(job, error)
        self.dispatch()

    def _not_found(self, job: Job, worker: WorkerProcess, error: SignetError) -> None:
        """Have another worker look for a key pair, unless this one looked with fresh eyes."""
        key = job.key
        is_blind = key is not None and self._misses.is_blind(worker.began, key)
        if is_blind:
            self._ladder.failed(worker, error)
        if job.done:
            return
        job.moves += 1
        if is_blind and job.moves <= _MAX_MOVES and self._crew.refusal() is None:
            self._queue.put_back(job)
        else:
            job.fail_all(error)  # it is the same key for all that is left of a batch's chunk
            if isinstance(job, Chunk):
                self._feed(job.batch)
        self.dispatch()

    def _fail(self, job: Job, error: SignetError) -> None:
        """Fail what was at work; what is left of a batch then was not begun."""
        job.fail_next(error)
        job.moves += 1
        if job.moves > _MAX_MOVES:
            job.fail_all(error)
        elif (refusal := self._crew.refusal()) is not None:
            job.fail_all(refusal)
        if not job.done:
            self._queue.put_back(job)
        elif isinstance(job, Chunk):
            self._feed(job.batch)

    def _may_repeat(self, job: Job, error: SignetError) -> bool:
        if not job.is_repeatable or self._crew.refusal() is not None:
            return False
        if isinstance(error, NeverStarted):
            job.moves += 1
            return job.moves <= _MAX_MOVES
        answered = remedy_of(error) is not Remedy.NONE and error.reason not in _FINAL
        if not answered or job.is_retry:
            return False
        job.mark_retry()
        return True

    def settled(self) -> None:
        """The token's state may have changed: serve what waits, or refuse it."""
        if (refusal := self._crew.refusal()) is not None:
            self._queue.refuse_all(refusal)
        else:
            self.dispatch()

    def _late(self, who: Single | Batch) -> None:
        """Nobody waits any more: what has not been begun is not begun."""
        who.expire(self._passed())
        if isinstance(who, Batch):
            self._give_up_all(who)
        else:
            self._give_up(who)

    def _give_up_all(self, batch: Batch) -> None:
        for chunk in list(batch.out):
            self._give_up(chunk)

    def _give_up(self, job: Job) -> None:
        self._queue.remove(job)
        if job.worker is not None:
            job.worker.give_up(job)
