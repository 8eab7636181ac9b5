"""A daemon to be watched closely while one thing befalls it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.chaos.load import Load
from tests.chaos.record import Outcome, Record
from tests.chaos.target import Target

_STEADY: Final = 10.5  # seconds after which a worker's end is no sign of one that keeps failing
_LIMIT: Final = 30.0
_POLL: Final = 0.002
_RECENT: Final = 10_000  # outcomes, which is longer than anything that is waited for
_KEY: Final = "p256"


class Scene:
    """A daemon whose token's state is watched, and waiting for what is to be timed."""

    def __init__(self, target: Target, record: Record) -> None:
        self.target = target
        self._record = record
        self._spawned: dict[int, float] = {}

    def await_steady(self) -> None:
        """Wait until all workers serve, and the oldest one has lived long enough."""
        self.await_workers()
        end = time.monotonic() + _LIMIT
        while time.monotonic() < end:
            now = time.monotonic()
            pids = self.target.worker_pids()
            self._spawned = {pid: self._spawned.get(pid, now) for pid in pids}
            if pids and now - self._spawned[pids[0]] > _STEADY:
                return
            time.sleep(0.05)
        raise TimeoutError("no worker lived long enough")

    def await_workers(self) -> float:
        """Wait until as many workers serve as there should be; return since when."""
        wanted = ("READY", self.target.workers_wanted)
        _until(lambda: self._state == wanted, f"{wanted}, it is {self._state}")
        return self._record.states[-1].at

    def await_fewer_workers(self) -> None:
        """Wait until the daemon has seen that a worker is missing."""
        _until(lambda: self._state[1] < self.target.workers_wanted, "a worker that is missed")

    def await_state(self, state: str) -> float:
        """Wait until the token is in a state; return since when."""
        _until(lambda: self._state[0] == state, f"{state}, it is {self._state}")
        return self._record.states[-1].at

    @property
    def _state(self) -> tuple[str, int]:
        last = self._record.states[-1] if self._record.states else None
        return (last.state, last.workers_ready) if last else ("", 0)

    def first_signature(self, since: float) -> float:
        """Wait for a signature that was asked for after a time; return when it came."""
        number = max(0, len(self._record) - _RECENT)
        found: list[float] = []

        def signed() -> bool:
            outcomes = self._record.since(number)
            found[:] = [o.ended for o in outcomes if o.good and o.began >= since]
            return bool(found)

        _until(signed, "a signature")
        return min(found)

    def gap(self, since: float, until: float) -> float:
        """The longest time between two signatures."""
        recent = self._record.since(max(0, len(self._record) - _RECENT))
        times = [o.ended for o in recent if o.good and since <= o.ended <= until]
        return max(later - earlier for earlier, later in pairwise([since, *sorted(times), until]))

    def request_at(self, time_: float) -> Outcome:
        """Wait for the one client's request that was under way at a time; return its outcome."""
        number = max(0, len(self._record) - _RECENT)
        outcomes: list[Outcome] = []

        def answered() -> bool:
            outcomes[:] = [o for o in self._record.since(number) if o.ended >= time_]
            return bool(outcomes)

        _until(answered, "the answer to a request under way")
        return outcomes[0]

    @contextmanager
    def signing(self, clients: int) -> Iterator[None]:
        """Have so many clients sign meanwhile, with a short pause after each request."""
        load = Load(
            *(self.target.socket, self._record),
            pauses={_KEY: 0.01},
            clients=clients,
            batches=False,
            watch=None,
        )
        load.start()
        try:
            yield
        finally:
            load.stop()


def _until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _LIMIT
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {_LIMIT:g} s for {what}")
        time.sleep(_POLL)


@contextmanager
def scene(workers: int) -> Iterator[Scene]:
    """Start a daemon with so many workers, and watch its token closely."""
    with TemporaryDirectory(prefix="signetd-") as name:
        target, record = Target(Path(name), workers=workers), Record()
        try:
            target.launch()
            target.make_keys()
            watch = Load(target.socket, record, pauses={}, batches=False, watch=0.005)
            watch.start()
            try:
                yield Scene(target, record)
            finally:
                watch.stop()
        finally:
            target.kill()
