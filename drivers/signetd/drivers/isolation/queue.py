"""The requests that wait for a token: bounded, fair between clients, forgotten when given up."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.types import Requester

MIN_RETRY_SECONDS: Final = 0.05
MAX_RETRY_SECONDS: Final = 5.0


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

    At most *limit* jobs in all and *per_client* of one client; over that, the client with the
    most waiting jobs is refused.
    """

    def __init__(self, limit: int, per_client: int) -> None:
        self._limit = limit
        self._per_client = per_client
        self._clients: OrderedDict[str, OrderedDict[Job, None]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, job: Job, wait: float) -> None:
        """Add a job; *wait* is how many seconds the whole queue will take.

        Raises SignetError(TOKEN_BUSY) at once when there is no room.
        """
        own = len(self._clients.get(job.requester.client, ()))
        if own >= self._per_client:
            raise _busy(f"{own} of your requests wait for the token already", wait)
        if self._count >= self._limit:
            self._make_room(own, wait)
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

    def _make_room(self, own: int, wait: float) -> None:
        """Refuse the newest job of the client with the most, unless that is the one who asks."""
        most = max(self._clients.values(), key=len)
        error = _busy(f"{self._count} requests wait for the token already", wait)
        if len(most) <= own + 1:
            raise error
        newest = next(reversed(most))
        newest.future.set_exception(error)
        self._remove(newest)

    def _remove(self, job: Job) -> None:
        jobs = self._clients.get(job.requester.client)
        if jobs is None or job not in jobs:
            return
        del jobs[job]
        self._count -= 1
        if not jobs:
            del self._clients[job.requester.client]

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


def _busy(why: str, wait: float) -> SignetError:
    later = min(max(wait, MIN_RETRY_SECONDS), MAX_RETRY_SECONDS)
    return SignetError(Reason.TOKEN_BUSY, f"{why}; try again in {later:.2g} s", retry_after=later)
