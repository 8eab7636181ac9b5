"""Puts a clock around functions of a process, without changing what they do."""

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any

from benchmarks.stages.spans import Recorder


def around(owner: Any, name: str, part: str, recorder: Recorder, *, begins: bool = False) -> None:
    """Have the calls of a function, or the awaiting of a coroutine function, noted as *part*.

    *begins*: each call is the next request. Raises AttributeError when there is no such function.
    """
    wrapped = getattr(owner, name)
    clock = _for_coroutine if inspect.iscoroutinefunction(wrapped) else _for_function
    setattr(owner, name, clock(wrapped, part, recorder, begins))


def _for_function(
    wrapped: Callable[..., Any], part: str, recorder: Recorder, begins: bool
) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    def timed(*arguments: Any, **named: Any) -> Any:
        if begins:
            recorder.begin()
        began = time.monotonic()
        try:
            return wrapped(*arguments, **named)
        finally:
            recorder.note(part, (began, time.monotonic()))

    return timed


def _for_coroutine(
    wrapped: Callable[..., Any], part: str, recorder: Recorder, begins: bool
) -> Callable[..., Any]:
    @functools.wraps(wrapped)
    async def timed(*arguments: Any, **named: Any) -> Any:
        if begins:
            recorder.begin()
        began = time.monotonic()
        try:
            return await wrapped(*arguments, **named)
        finally:
            recorder.note(part, (began, time.monotonic()))

    return timed
