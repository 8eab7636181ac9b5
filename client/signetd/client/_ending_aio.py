"""Why a stream has ended, where gRPC for asyncio would not tell.

A stream may end while gRPC sends over it. Then the sending fails too, and gRPC puts an INTERNAL of
its own over what the daemon said, or before it.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

import grpc
import grpc.aio

from signetd.client import errors

_WAIT_SECONDS: Final = 0.2


class Ending:
    """Listens for each status that gRPC gives a call."""

    def __init__(self, call: Any) -> None:
        self._word: grpc.aio.AioRpcError | None = None
        self._said = asyncio.Event()
        call.add_done_callback(self._note)

    async def reason(self, failure: grpc.aio.AioRpcError, address: str) -> errors.SignetdError:
        """Return the daemon's word for *failure*; Unavailable if it never comes."""
        error = errors.from_rpc(failure, address)
        if not _is_of_grpc(error):
            return error
        with suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._said.wait()
        return errors.cut_off() if self._word is None else errors.from_rpc(self._word, address)

    def _note(self, call: Any) -> None:
        code = _at_once(call.code())
        if self._word is None and code is not grpc.StatusCode.INTERNAL:
            known = (call.initial_metadata, call.trailing_metadata, call.details)
            self._word = grpc.aio.AioRpcError(code, *(_at_once(each()) for each in known))
            self._said.set()


def _is_of_grpc(error: errors.SignetdError) -> bool:
    """Tell whether gRPC itself failed: the daemon gives a reason with each INTERNAL of its own."""
    return isinstance(error, errors.InternalError) and not error.metadata


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what *coroutine* does, which has nothing to wait for: the call is over."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError("a call that is over has its status")
