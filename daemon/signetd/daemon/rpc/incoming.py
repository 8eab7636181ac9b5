"""The messages of a call that brings many: each is read when it is wanted, and counted."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar, cast

from google.protobuf.message import Message

from signetd.daemon.rpc.admission import Memory
from signetd.daemon.rpc.methods import Method
from signetd.daemon.rpc.transport import Context
from signetd.drivers.errors import Reason, SignetError

MAX_MESSAGE_BYTES: Final = 5 << 20
"""The largest message of a stream: 4 MiB of what its items carry, and what is around that."""
_Message = TypeVar("_Message", bound=Message)


class Incoming(Generic[_Message]):
    """Reads the messages of one call. gRPC stops the client while none is asked for.

    *check* raises what ends the call when its caller may not call any more; *memory* makes what
    counts one message.
    """

    def __init__(
        self,
        method: Method,
        context: Context,
        memory: Callable[[], Memory],
        check: Callable[[], object],
    ) -> None:
        self._method = method
        self._context = context
        self._check = check
        self.memory = memory

    async def read(self, seconds: float | None = None) -> bytes | None:
        """Return the next message as it came, None after the last.

        Raises INPUT_INVALID for one that is too large, DEADLINE_PASSED when none comes within
        *seconds*, and what the check does.
        """
        raw: Any = await self._next(seconds)
        if not isinstance(raw, bytes):  # the client has ended its side
            return None
        self._check()
        if len(raw) > MAX_MESSAGE_BYTES:
            raise SignetError(
                Reason.INPUT_INVALID,
                f"A message of the stream has {len(raw)} bytes; at most {MAX_MESSAGE_BYTES} are "
                "allowed: send less in each.",
            )
        return raw

    async def _next(self, seconds: float | None) -> object:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await self._context.read()
        except TimeoutError:
            if not limit.expired():
                raise
        raise SignetError(
            Reason.DEADLINE_PASSED,
            f"The next message did not come within {seconds:g} s (limits.default_deadline); begin "
            "again, and send without such breaks.",
        )

    def parse(self, raw: bytes) -> _Message:
        """Return what a message says; raises INPUT_INVALID."""
        return cast(_Message, self._method.read(raw))
