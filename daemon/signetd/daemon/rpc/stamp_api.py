"""Answers the methods of SealService that stamp."""

from typing import Final, Protocol

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.approvals import subjects
from signetd.daemon.policy.types import Asker
from signetd.daemon.rpc import batches, calls, stamp_convert
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.seals.stamp_types import StampInput, StampMade
from signetd.drivers.errors import Reason, SignetError

MAX_REPLY_BYTES: Final = 24 << 20
"""Of the stamps in the reply to a batch, after which no more are begun."""


class Desk(Protocol):
    """What stamps for those who may."""

    async def stamp(self, request: StampInput, asker: Asker) -> StampMade:
        """Stamp one document for somebody."""
        ...


class _Reply:
    """How large the reply of a batch has become: each stamp has a whole seal in it."""

    def __init__(self) -> None:
        self.size = 0

    def check(self) -> None:
        """Raise BATCH_TOO_LARGE if it can take no more stamps."""
        if self.size > MAX_REPLY_BYTES:
            raise SignetError(
                Reason.BATCH_TOO_LARGE,
                f"The stamps of this batch have {self.size} bytes already, of which it may have "
                f"{MAX_REPLY_BYTES}; this one was not made: send it in another batch.",
            )


class StampApi:
    """Stamps for callers that may."""

    def __init__(self, desk: Desk, recorder: Recorder) -> None:
        self._desk = desk
        self._recorder = recorder

    async def stamp(self, request: messages.StampRequest) -> messages.StampResponse:
        """Answer Stamp."""
        order = stamp_convert.stamp_input(request)
        call = calls.current()
        call.facts["seal"] = order.seal
        call.recorded = True
        made = await self._desk.stamp(order, call.asker)
        call.facts["timestamped"] = int(made.timestamped)
        return stamp_convert.stamp_response(made)

    async def batch_stamp(self, request: messages.BatchStampRequest) -> messages.BatchStampResponse:
        """Answer BatchStamp: as many results as items, in their order."""
        batches.check_size(request.requests)
        calls.current().recorded = True
        reply = _Reply()
        results = await batches.results_of(
            request.requests,
            lambda item: self._item(item, reply),
            lambda error: messages.BatchStampResult(error=error),
        )
        return messages.BatchStampResponse(results=results)

    async def _item(self, item: messages.StampRequest, reply: _Reply) -> messages.BatchStampResult:
        order = await self._read(item, reply)
        made = await self._desk.stamp(order, calls.current().asker)
        reply.size += len(made.stamp)
        return messages.BatchStampResult(response=stamp_convert.stamp_response(made))

    async def _read(self, item: messages.StampRequest, reply: _Reply) -> StampInput:
        try:
            reply.check()
            return stamp_convert.stamp_input(item)
        except SignetError as error:
            await self._recorder.item(subjects.STAMP, error)
            raise
