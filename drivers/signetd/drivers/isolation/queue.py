"""The requests that wait for a token: bounded, fair between clients, forgotten when given up."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.isolation.retry import RetryDelay
from signetd.drivers.types import Requester


@dataclass(eq=False)
class Job:
    """A command, the seconds it may take in the token, and who waits for it."""

    command: wire.Command
    timeout: float
    requester: Requester
    future: asyncio.Future[wire.Value] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    is_retry: bool = False  # a token has answered it with an error before
    moves: int = 0  # how often a worker gave it back without having begun it


class FairQueue:
    """Jobs in the order of their coming for each client, the clients in turn.

    At most *limit* jobs in all and *per_client* of one client, and no more than *seconds* of work;
    over that, the client with the most waiting jobs is refused.
    """

    def __init__(self, limit: int, per_client: int, seconds: float, pace: Pace) -> None:
        self._limit = limit
        self._per_client = per_client
        self._seconds = seconds
        self._pace = pace
        self._delay = RetryDelay()
        self._clients: OrderedDict[str, OrderedDict[Job, None]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, job: Job, workers: int) -> None:
        """Add a job for so many workers. Raises SignetError(TOKEN_BUSY) at once without room."""
        own = len(self._clients.get(job.requester.client, ()))
        if own >= self._per_client:
            raise self._busy(f"{own} of your requests wait for the token already", workers)
        if self._count >= self._limit or self._wait(workers) > self._seconds:
            self._make_room(own, workers)
        self._add(job)
        job.future.add_done_callback(lambda _: self._remove(job))

    def put_back(self, job: Job) -> None:
        """Return a job that was taken, to be the next one; it had its place already."""
        if not job.future.done():
            self._add(job, first=True)

    def _add(self, job: Job, *, first: bool = False) -> None:
        client = job.requester.client
        jobs = self._clients.setdefault(client, OrderedDict())
        jobs[job] = None
        self._count += 1
        if first:
            jobs.move_to_end(job, last=False)
            self._clients.move_to_end(client, last=False)

    def _wait(self, workers: int) -> float:
        return self._pace.wait(self._count, workers)

    def _busy(self, why: str, workers: int) -> SignetError:
        capacity = max(1, workers) / self._pace.seconds
        later = self._delay.refuse(self._wait(workers), capacity)
        return SignetError(
            Reason.TOKEN_BUSY, f"{why}; try again in {later:.2g} s", retry_after=later
        )

    def _make_room(self, own: int, workers: int) -> None:
        """Refuse the newest job of the client with the most, unless that is the one who asks."""
        most = max(self._clients.values(), key=len)
        error = self._busy(f"{self._count} requests wait for the token already", workers)
        if len(most) <= own + 1:
            raise error
        newest = next(reversed(most))
        self._remove(newest)
        if not newest.future.done():
            newest.future.set_exception(error)

    def _remove(self, job: Job) -> None:
        jobs = self._clients.get(job.requester.client)
        if jobs is None or job not in jobs:
            return
        del jobs[job]
        self._count -= 1
        if not jobs:
            del self._clients[job.requester.client]

    def first(self) -> Job:
        """Return the job that ``take`` would take. Raises StopIteration when none waits."""
        return next(iter(next(iter(self._clients.values()))))

    def take(self) -> Job:
        """Take the next job of the client whose turn it is. Raises KeyError when none waits."""
        client, jobs = next(iter(self._clients.items())) if self._clients else ("", OrderedDict())
        job, _ = jobs.popitem(last=False)
        self._count -= 1
        if jobs:
            self._clients.move_to_end(client)
        else:
            del self._clients[client]
        return job

    def refuse_all(self, error: SignetError) -> None:
        """Fail whatever waits."""
        while self._count:
            job = self.take()
            if not job.future.done():
                job.future.set_exception(error)
