"""Answers AuditService."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from signetd.api.v1 import audit_service_pb2 as messages
from signetd.daemon.audit.service import Audit
from signetd.daemon.audit.types import Event, Kind
from signetd.daemon.keys.checks import check_page_size
from signetd.daemon.rpc import audit_messages, calls, recording
from signetd.daemon.rpc.following import Followers
from signetd.daemon.state.audit import RecordFilter
from signetd.drivers.errors import Reason, SignetError

_SEARCHES: Final = 2
"""Searches at once. One that finds little reads the whole chain, and meanwhile has a thread and a
connection, of which the pool has few; the audit needs one to be written."""


class AuditApi:
    """Shows, exports and prunes the audit of this daemon."""

    def __init__(self, audit: Audit, followers: Followers) -> None:
        self._audit = audit
        self._followers = followers
        self._places = asyncio.Semaphore(_SEARCHES)

    async def list_records(
        self, request: messages.ListRecordsRequest
    ) -> messages.ListRecordsResponse:
        """Answer ListRecords."""
        size = check_page_size(request.page_size)
        first = audit_messages.read_page_token(request.page_token)
        wanted = audit_messages.record_filter(request)
        bodies = await self._search(wanted, first, size + 1)
        records = [audit_messages.record(body) for body in bodies[:size]]
        following = ""
        if len(bodies) > size:
            following = audit_messages.page_token_after(records[-1].number)
        return messages.ListRecordsResponse(records=records, next_page_token=following)

    async def follow_records(
        self, request: messages.FollowRecordsRequest
    ) -> AsyncGenerator[messages.FollowRecordsResponse]:
        """Answer FollowRecords."""
        first = _number(request.first, "first")
        async with aclosing(self._followers.follow(calls.current().identity, first)) as bodies:
            async for body in bodies:
                yield messages.FollowRecordsResponse(record=audit_messages.record(body))

    async def export_records(
        self, request: messages.ExportRecordsRequest
    ) -> AsyncGenerator[messages.ExportRecordsResponse]:
        """Answer ExportRecords."""
        first = _number(request.first, "first")
        async with aclosing(self._audit.exporter.export(first)) as pieces:
            async for piece in pieces:
                yield messages.ExportRecordsResponse(data=piece)

    async def get_audit_status(
        self, request: messages.GetAuditStatusRequest
    ) -> messages.AuditStatus:
        """Answer GetAuditStatus."""
        return await self._status()

    async def create_checkpoint(
        self, request: messages.CreateCheckpointRequest
    ) -> messages.AuditStatus:
        """Answer CreateCheckpoint."""
        await self._audit.checkpoints.make()
        return await self._status()

    async def prune_records(self, request: messages.PruneRecordsRequest) -> messages.AuditStatus:
        """Answer PruneRecords."""
        first = _number(request.first, "first")
        if not first:
            raise SignetError(
                Reason.INPUT_MISSING, "first is missing; give the number of the first to stay."
            )
        await self._audit.pruner.prune(first, _prune_event(first))
        return await self._status()

    async def _search(self, wanted: RecordFilter, first: int, limit: int) -> list[bytes]:
        await self._places.acquire()
        work = asyncio.to_thread(self._audit.store.search, wanted, first, limit)
        search = asyncio.ensure_future(work)
        search.add_done_callback(self._searched)
        # A search is not ended by a caller who goes away, and keeps its place until it is done.
        return await asyncio.shield(search)

    def _searched(self, search: asyncio.Future[list[bytes]]) -> None:
        self._places.release()
        if not search.cancelled():
            search.exception()  # looked at, for a caller who has gone away

    async def _status(self) -> messages.AuditStatus:
        facts = await asyncio.to_thread(self._audit.store.facts)
        return audit_messages.status(self._audit, facts)


def _prune_event(first: int) -> Event:
    call = calls.current()
    event = recording.act_event(call, allowed=True, result="OK", detail=f"first={first}")
    call.recorded = True
    return msgspec.structs.replace(event, kind=Kind.PRUNE)


def _number(value: int, field: str) -> int:
    if value < 0:
        raise SignetError(
            Reason.INPUT_INVALID, f"{field} is {value}; the records are numbered from 1."
        )
    return value
