"""The calls of AuditService, as ``client.audit``."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Any

from signetd.api.v1.audit_service_pb2 import AuditRecord, AuditStatus
from signetd.client import _audit_operations as operations
from signetd.client._audit_operations import RecordFilter
from signetd.client._operations import Operation

_ALL = RecordFilter()
_PAGE = 500


class AuditCalls:
    """Reads, exports and prunes the audit. Every method raises SignetdError."""

    def __init__(
        self, call: Callable[[Operation], Any], stream: Callable[[Operation], Iterator[Any]]
    ) -> None:
        self._call, self._stream = call, stream

    def records(self, wanted: RecordFilter = _ALL) -> Iterator[AuditRecord]:
        """Yield the records that are *wanted*, the oldest first, read as they are needed."""
        page = ""
        while True:
            reply = self._call(operations.list_records(wanted, page, _PAGE))
            yield from reply.records
            page = reply.next_page_token
            if not page:
                return

    def follow(self, first: int = 0) -> Iterator[AuditRecord]:
        """Yield the records from the number *first* on (0: the next one), and then every new one.

        It ends as ``watch_tokens`` does.
        """
        for reply in self._stream(operations.follow_records(first)):
            yield reply.record

    def export(self, first: int = 0) -> Iterator[bytes]:
        """Yield the pieces of an export from the record *first* on (0: the first there is).

        Who has taken all of them may have the records pruned: write them durably first. Verify the
        file with ``signetctl audit verify``.
        """
        for reply in self._stream(operations.export_records(first)):
            yield reply.data

    def status(self) -> AuditStatus:
        """Tell how the audit is."""
        return self._call(operations.get_status())  # type: ignore[no-any-return]

    def checkpoint(self) -> AuditStatus:
        """Have a checkpoint made now."""
        return self._call(operations.create_checkpoint())  # type: ignore[no-any-return]

    def prune(self, first: int) -> AuditStatus:
        """Remove the records before *first*, which an export has taken."""
        return self._call(operations.prune_records(first))  # type: ignore[no-any-return]


class AsyncAuditCalls:
    """The same for asyncio."""

    def __init__(
        self,
        call: Callable[[Operation], Awaitable[Any]],
        stream: Callable[[Operation], AsyncGenerator[Any]],
    ) -> None:
        self._call, self._stream = call, stream

    async def records(self, wanted: RecordFilter = _ALL) -> AsyncGenerator[AuditRecord]:
        """Yield the records that are *wanted*; see AuditCalls.records."""
        page = ""
        while True:
            reply = await self._call(operations.list_records(wanted, page, _PAGE))
            for record in reply.records:
                yield record
            page = reply.next_page_token
            if not page:
                return

    async def follow(self, first: int = 0) -> AsyncGenerator[AuditRecord]:
        """Yield records as they come; see AuditCalls.follow."""
        async with aclosing(self._stream(operations.follow_records(first))) as replies:
            async for reply in replies:
                yield reply.record

    async def export(self, first: int = 0) -> AsyncGenerator[bytes]:
        """Yield the pieces of an export; see AuditCalls.export."""
        async with aclosing(self._stream(operations.export_records(first))) as replies:
            async for reply in replies:
                yield reply.data

    async def status(self) -> AuditStatus:
        """Tell how the audit is."""
        return await self._call(operations.get_status())  # type: ignore[no-any-return]

    async def checkpoint(self) -> AuditStatus:
        """Have a checkpoint made now."""
        return await self._call(operations.create_checkpoint())  # type: ignore[no-any-return]

    async def prune(self, first: int) -> AuditStatus:
        """Remove the records before *first*, which an export has taken."""
        return await self._call(operations.prune_records(first))  # type: ignore[no-any-return]
