"""A thread that does one thing after the other for an event loop, with little ado."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

_T = TypeVar("_T")
_Work = tuple[asyncio.AbstractEventLoop, Callable[[], Any], "asyncio.Future[Any]"]


class OneThread:
    """Does what blocks. As an executor with one thread, whose futures cost three times as much.

    The thread begins with the first work; `close` ends it when all is done.
    """

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    async def do(self, work: Callable[[], _T]) -> _T:
        """Return what *work* returns, or raise what it raises; it is done even if nobody waits."""
        if self._thread.ident is None:
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._work.put((loop, work, future))
        return await future

    def close(self) -> None:
        """Wait until all is done; nothing may be given to it any more."""
        self._work.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while (given := self._work.get()) is not None:
            loop, work, future = given
            try:
                result = work()
            except BaseException as error:
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_succeed, future, result)
            # Else what the last work was about would be kept until the next one comes.
            del given, work, future


def _succeed(future: "asyncio.Future[_T]", result: _T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
