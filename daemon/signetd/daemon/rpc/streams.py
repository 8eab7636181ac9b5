"""The streams under way: each sends what its method yields, and none delays the daemon's stop."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from signetd.daemon.rpc.methods import Method
from signetd.daemon.rpc.transport import Context, send


class Streams:
    """Runs streams, and knows which are under way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(
        self, method: Method, request: Any, context: Context, check: Callable[[], object]
    ) -> None:
        """Send everything that *method* yields, each after a *check* that it still may be sent.

        Raises what any of them raises, and what `send` does.
        """
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a stream is run by a task")
        if not method.takes_many:  # what is under way in such a one is finished, like a call
            self._tasks.add(task)
        try:
            async with aclosing(method.answer(request)) as replies:
                async for reply in replies:
                    check()
                    await send(context, reply)
        finally:
            self._tasks.discard(task)

    async def end(self, seconds: float) -> None:
        """Give the streams, which have been told to end, *seconds* for it; then cut them off."""
        if not self._tasks:
            return
        _, stuck = await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in stuck:
            task.cancel()
