"""Answers the methods of SealService that stamp."""

from typing import Protocol

from signetd.api.v1 import seal_service_pb2 as messages
from signetd.daemon.approvals import subjects
from signetd.daemon.policy.types import Asker
from signetd.daemon.rpc import batches, calls, stamp_convert
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.seals.stamp_types import StampInput, StampMade
from signetd.drivers.errors import SignetError


class Desk(Protocol):
    """What stamps for those who may."""

    async def stamp(self, request: StampInput, asker: Asker) -> StampMade:
        """Stamp one document for somebody."""
        ...


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
        results = await batches.results_of(
            request.requests, self._item, lambda error: messages.BatchStampResult(error=error)
        )
        return messages.BatchStampResponse(results=results)

    async def _item(self, item: messages.StampRequest) -> messages.BatchStampResult:
        order = await self._read(item)
        made = await self._desk.stamp(order, calls.current().asker)
        return messages.BatchStampResult(response=stamp_convert.stamp_response(made))

    async def _read(self, item: messages.StampRequest) -> StampInput:
        try:
            return stamp_convert.stamp_input(item)
        except SignetError as error:
            await self._recorder.item(subjects.STAMP, error)
            raise
