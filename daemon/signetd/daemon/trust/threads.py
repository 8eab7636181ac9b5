"""Threads for verifications, which take tens of milliseconds each: few, and with short queues."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from signetd.drivers.errors import Reason, SignetError

THREADS: Final = 2
"""More would take turns with the event loop for Python's lock, and be no faster."""
MOST: Final = 64
"""Verifications under way, those included whose caller has gone."""
MOST_OF_ONE: Final = 16
_SECONDS_TO_RETRY: Final = 1.0
_Result = TypeVar("_Result")


class VerifyThreads:
    """Runs what blocks, within limits; to be used from one event loop."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="verify")
        self._turn = threading.Lock()
        self._under_way: Counter[str] = Counter()
        self._closed = False

    async def run(self, work: Callable[[], _Result], client: str) -> _Result:
        """Return what *work* does in a thread, for a *client*.

        When the caller is cancelled, work that has not begun never does; what has begun goes on,
        and counts until it ends. Raises OVERLOADED, SHUTTING_DOWN, and what *work* does.
        """
        self._admit(client)
        try:
            future: Future[_Result] = self._threads.submit(work)
        except BaseException:
            self._end(client)
            raise
        future.add_done_callback(lambda _: self._end(client))
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Begin no more; what has begun is left to itself."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _admit(self, client: str) -> None:
        if self._closed:
            raise SignetError(Reason.SHUTTING_DOWN, "The daemon is shutting down; try again later.")
        with self._turn:
            if self._under_way.total() >= MOST or self._under_way[client] >= MOST_OF_ONE:
                raise SignetError(
                    Reason.OVERLOADED,
                    f"{MOST} verifications are under way, or {MOST_OF_ONE} of yours; try again "
                    "later.",
                    retry_after=_SECONDS_TO_RETRY,
                )
            self._under_way[client] += 1

    def _end(self, client: str) -> None:
        with self._turn:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]
