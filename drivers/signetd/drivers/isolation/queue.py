"""The requests that wait for a token: bounded, fair between clients, forgotten when given up."""

import heapq
from collections import OrderedDict

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation.job import Job
from signetd.drivers.isolation.pace import Pace
from signetd.drivers.isolation.retry import RetryDelay


class _Line:
    """The jobs of one client, and when it has its turn: after so many operations of others."""

    __slots__ = ("client", "items", "jobs", "place", "turn")

    def __init__(self, client: str, turn: int) -> None:
        self.client = client
        self.jobs: OrderedDict[Job, None] = OrderedDict()
        self.items = 0
        self.turn = turn
        self.place = 0  # among those of the same turn


class FairQueue:
    """Jobs in the order of their coming for each client, the clients in turn.

    A job counts for as many as it has operations: who takes many at once has the next turn the
    later. At most *limit* operations in all and *per_client* of one client, and no more than
    *seconds* of work; over that, the client with the most that waits is refused.
    """

    def __init__(self, limit: int, per_client: int, seconds: float, pace: Pace) -> None:
        self._limit = limit
        self._per_client = per_client
        self._seconds = seconds
        self._pace = pace
        self._delay = RetryDelay()
        self._lines: dict[str, _Line] = {}
        # By turn and place; an entry is outdated when its line has another place now.
        self._turns: list[tuple[int, int, _Line]] = []
        self._turn = 0
        self._places = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def largest(self) -> int:
        """How many operations a job may have at most."""
        return max(1, min(self._limit, self._per_client))

    def put(self, job: Job, workers: int) -> None:
        """Add a job for so many workers. Raises SignetError(TOKEN_BUSY) at once without room."""
        line = self._lines.get(job.client)
        own, items = line.items if line is not None else 0, job.items
        if own + items > self._per_client:
            raise self._busy(f"{own} of your requests wait for the token already", workers)
        over = self._count + items - self._limit
        if over > 0 or self._wait(workers) > self._seconds:
            self._make_room(own + items, max(over, min(items, self._count)), workers)
        self._add(job, self._line_of(job.client))

    def put_back(self, job: Job) -> None:
        """Return a job that was taken, to be the next one; it had its place already."""
        line = self._line_of(job.client)
        self._add(job, line)
        line.jobs.move_to_end(job, last=False)
        first = self._turns[0][0] if self._turns else self._turn
        self._enter(line, min(first, line.turn), -self._places - 1)

    def _line_of(self, client: str) -> _Line:
        line = self._lines.get(client)
        if line is None:
            line = self._lines[client] = _Line(client, self._turn)
            self._enter(line, self._turn, self._places + 1)
        return line

    def _enter(self, line: _Line, turn: int, place: int) -> None:
        self._places += 1
        line.turn, line.place = turn, place
        heapq.heappush(self._turns, (turn, place, line))

    def _add(self, job: Job, line: _Line) -> None:
        line.jobs[job] = None
        line.items += job.items
        self._count += job.items

    def _wait(self, workers: int) -> float:
        return self._pace.wait(self._count, workers)

    def _busy(self, why: str, workers: int) -> SignetError:
        capacity = max(1, workers) / self._pace.seconds
        later = self._delay.refuse(self._wait(workers), capacity)
        return SignetError(
            Reason.TOKEN_BUSY, f"{why}; try again in {later:.2g} s", retry_after=later
        )

    def _make_room(self, wanted: int, needed: int, workers: int) -> None:
        """Refuse the newest jobs of those with the most, for one who will have *wanted* then.

        Raises SignetError(TOKEN_BUSY), with nobody refused, when no others have so much more.
        """
        spare = sum(max(0, line.items - wanted) for line in self._lines.values())
        error = self._busy(f"{self._count} requests wait for the token already", workers)
        if spare < needed:
            raise error
        target = self._count - needed
        while self._count > target:
            most = max(self._lines.values(), key=lambda line: line.items)
            newest = next(reversed(most.jobs))
            self.remove(newest)
            newest.refused(error)

    def remove(self, job: Job) -> None:
        """Forget a job, if it waits."""
        line = self._lines.get(job.client)
        if line is not None and job in line.jobs:
            self._drop(job, line)

    def _drop(self, job: Job, line: _Line) -> None:
        del line.jobs[job]
        line.items -= job.items
        self._count -= job.items
        if not self._count:  # nobody waits: who had much before is owed and owes nothing
            self._lines.clear()
            self._turns.clear()

    def _next(self) -> _Line:
        """Return the line whose turn it is; forget those that owed nothing any more."""
        while True:
            _, place, line = self._turns[0]
            if place == line.place and line.jobs:
                return line
            heapq.heappop(self._turns)
            if place == line.place:
                del self._lines[line.client]

    def first(self) -> Job:
        """Return the job that ``take`` would take. Raises IndexError when none waits."""
        return next(iter(self._next().jobs))

    def take(self) -> Job:
        """Take the next job of the client whose turn it is. Raises IndexError when none waits."""
        line = self._next()
        job = next(iter(line.jobs))
        self._turn = max(self._turn, line.turn)
        heapq.heappop(self._turns)
        self._enter(line, line.turn + job.items, self._places + 1)
        self._drop(job, line)
        return job

    def refuse_all(self, error: SignetError) -> None:
        """Fail whatever waits."""
        while self._count:
            self.take().refused(error)
