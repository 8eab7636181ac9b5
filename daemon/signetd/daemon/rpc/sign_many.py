"""Requests to sign, many of one call: read, signed in parts, and what became of each."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.approvals.subjects import SIGN
from signetd.daemon.policy.types import Asker
from signetd.daemon.rpc import convert
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.signing import Outcome, SignInput
from signetd.drivers.errors import SignetError

_PART: Final = 128
"""Requests that are signed and written down together: a transaction costs what dozens of records
do, and the first part is written while the token is at work on the next."""
_AT_ONCE: Final = 2
"""Parts of one call that are under way together."""


class Desk(Protocol):
    """What signs for those who may, many at a time."""

    async def sign_many(self, requests: Sequence[SignInput], asker: Asker) -> list[Outcome]:
        """Sign many for somebody; return what became of each."""
        ...


class ManySigner:
    """Signs requests of one call; each has an outcome of its own."""

    def __init__(self, desk: Desk, recorder: Recorder) -> None:
        self._desk = desk
        self._recorder = recorder

    async def sign(self, requests: Sequence[messages.SignRequest], call: Call) -> list[Outcome]:
        """Return what became of each of *requests*, in their order; all of it is recorded.

        Its deadline is that of *call*. What nobody foresaw is an outcome too.
        """
        places = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(part: Sequence[messages.SignRequest]) -> list[Outcome]:
            async with places:
                return await self._part(part, call)

        starts = range(0, len(requests), _PART)
        parts = (in_turn(requests[start : start + _PART]) for start in starts)
        return [outcome for outcomes in await asyncio.gather(*parts) for outcome in outcomes]

    async def _part(self, requests: Sequence[messages.SignRequest], call: Call) -> list[Outcome]:
        try:
            call.check_deadline()
            read = [await self._read(request) for request in requests]
            good = [each for each in read if isinstance(each, SignInput)]
            signed = iter(await self._desk.sign_many(good, call.asker) if good else ())
        except Exception as error:  # of all of them
            return [error] * len(requests)
        return [next(signed) if isinstance(each, SignInput) else each for each in read]

    async def _read(self, request: messages.SignRequest) -> SignInput | SignetError:
        try:
            return convert.sign_input(request)
        except SignetError as error:
            await self._recorder.item(SIGN, error)
            return error
