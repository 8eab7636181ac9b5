"""Signs many, one by one."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

from signetd.daemon.logs import described
from signetd.daemon.policy.types import Asker
from signetd.daemon.rpc import errors
from signetd.daemon.signing import Released, SignInput
from signetd.drivers.errors import SignetError

_log = structlog.get_logger("signetd.rpc")


class Desk(Protocol):
    """What signs for those who may."""

    async def sign(self, request: SignInput, asker: Asker) -> Released:
        """Sign one input for somebody."""
        ...


class OneByOne:
    """Makes a desk that signs one of a desk that signs many."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def sign_many(
        self, requests: Sequence[SignInput], asker: Asker
    ) -> list[Released | SignetError]:
        """Sign what somebody asks for: as many outcomes as requests, in their order."""

        async def one(request: SignInput) -> Released | SignetError:
            try:
                return await self._desk.sign(request, asker)
            except SignetError as error:
                return error
            except Exception as error:
                _log.error("unforeseen error", request_id=asker.request_id, **described(error))
                return errors.unforeseen(asker.request_id)

        return await asyncio.gather(*map(one, requests))
