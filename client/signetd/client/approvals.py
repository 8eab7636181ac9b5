"""Asking for approvals and giving them, as parts of both clients."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approvals
from signetd.client import _approval_operations as operations
from signetd.client._operations import Operation
from signetd.client.messages import SignItem


class ApprovalCalls(ABC):
    """What a client can do about approvals; names are with or without `approvals/`."""

    @abstractmethod
    def _call(self, operation: Operation) -> Any: ...

    @abstractmethod
    def _stream(self, operation: Operation) -> Iterator[Any]: ...

    def request_approval(
        self, item: SignItem, *, summary: str, lifetime: timedelta | None = None
    ) -> approvals.Approval:
        """Ask for an approval of a signature; *summary* is for those who approve.

        *lifetime* is how long it can be used, 1 minute to 30 days, by default 24 hours.
        """
        operation = operations.create_for_sign(item, summary, lifetime)
        return self._call(operation)  # type: ignore[no-any-return]

    def request_stamp_approval(
        self,
        seal: str,
        document_digest: bytes,
        *,
        property_info: str,
        summary: str,
        lifetime: timedelta | None = None,
    ) -> approvals.Approval:
        """Ask for an approval of a stamp with a seal; see ``request_approval``.

        *document_digest* is SM3 of the protected original, 32 bytes; *property_info* says what of
        the document is protected, as the stamp will.
        """
        operation = operations.create_for_stamp(
            seal, document_digest, property_info, summary, lifetime
        )
        return self._call(operation)  # type: ignore[no-any-return]

    def request_seal_approval(
        self,
        seal: str,
        *,
        maker_key: str,
        seal_id: str,
        summary: str,
        lifetime: timedelta | None = None,
    ) -> approvals.Approval:
        """Ask for an approval of the making of a seal with a key; see ``request_approval``."""
        operation = operations.create_for_seal(seal, maker_key, seal_id, summary, lifetime)
        return self._call(operation)  # type: ignore[no-any-return]

    def request_destroy_approval(
        self, key: str, *, summary: str, lifetime: timedelta | None = None
    ) -> approvals.Approval:
        """Ask for an approval of a key's destruction; see ``request_approval``."""
        operation = operations.create_for_destroy(key, summary, lifetime)
        return self._call(operation)  # type: ignore[no-any-return]

    def request_administrator_approval(
        self, identity: access.Identity, *, summary: str, lifetime: timedelta | None = None
    ) -> approvals.Approval:
        """Ask for an approval of an administrator, as it shall be; see ``request_approval``."""
        operation = operations.create_for_administrator(identity, summary, lifetime)
        return self._call(operation)  # type: ignore[no-any-return]

    def get_approval(self, name: str) -> approvals.Approval:
        """Return one approval."""
        return self._call(operations.get(name))  # type: ignore[no-any-return]

    def list_approvals(self, states: Iterable[str] = ()) -> list[approvals.Approval]:
        """List all approvals that we may see, the newest first; *states* such as "PENDING"."""
        found: list[approvals.Approval] = []
        wanted, page = list(states), ""
        while True:
            reply = self._call(operations.list_(wanted, page))
            found += reply.approvals
            page = reply.next_page_token
            if not page:
                return found

    def approve_approval(
        self, name: str, digest: bytes, *, comment: str = ""
    ) -> approvals.Approval:
        """Approve; *digest* is that of what we have seen, best computed from it ourselves."""
        operation = operations.approve(name, digest, comment)
        return self._call(operation)  # type: ignore[no-any-return]

    def reject_approval(self, name: str, *, comment: str = "") -> approvals.Approval:
        """Reject, for good."""
        return self._call(operations.reject(name, comment))  # type: ignore[no-any-return]

    def cancel_approval(self, name: str) -> approvals.Approval:
        """Take back what we have asked for."""
        return self._call(operations.cancel(name))  # type: ignore[no-any-return]

    def watch_approvals(self) -> Iterator[approvals.WatchApprovalsResponse]:
        """Yield the open approvals that we may see, then every change; as ``watch_tokens``."""
        yield from self._stream(operations.watch())


class AsyncApprovalCalls(ABC):
    """What a client can do about approvals; names are with or without `approvals/`."""

    @abstractmethod
    async def _call(self, operation: Operation) -> Any: ...

    @abstractmethod
    def _stream(self, operation: Operation) -> AsyncGenerator[Any]: ...

    async def request_approval(
        self, item: SignItem, *, summary: str, lifetime: timedelta | None = None
    ) -> approvals.Approval:
        """Ask for an approval of a signature; *summary* is for those who approve.

        *lifetime* is how long it can be used, 1 minute to 30 days, by default 24 hours.
        """
        operation = operations.create_for_sign(item, summary, lifetime)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def request_stamp_approval(
        self,
        seal: str,
        document_digest: bytes,
        *,
        property_info: str,
        summary: str,
        lifetime: timedelta | None = None,
    ) -> approvals.Approval:
        """Ask for an approval of a stamp with a seal; see ``request_approval``.

        *document_digest* is SM3 of the protected original, 32 bytes; *property_info* says what of
        the document is protected, as the stamp will.
        """
        operation = operations.create_for_stamp(
            seal, document_digest, property_info, summary, lifetime
        )
        return await self._call(operation)  # type: ignore[no-any-return]

    async def request_seal_approval(
        self,
        seal: str,
        *,
        maker_key: str,
        seal_id: str,
        summary: str,
        lifetime: timedelta | None = None,
    ) -> approvals.Approval:
        """Ask for an approval of the making of a seal with a key; see ``request_approval``."""
        operation = operations.create_for_seal(seal, maker_key, seal_id, summary, lifetime)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def request_destroy_approval(
        self, key: str, *, summary: str, lifetime: timedelta | None = None
    ) -> approvals.Approval:
        """Ask for an approval of a key's destruction; see ``request_approval``."""
        operation = operations.create_for_destroy(key, summary, lifetime)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def request_administrator_approval(
        self, identity: access.Identity, *, summary: str, lifetime: timedelta | None = None
    ) -> approvals.Approval:
        """Ask for an approval of an administrator, as it shall be; see ``request_approval``."""
        operation = operations.create_for_administrator(identity, summary, lifetime)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def get_approval(self, name: str) -> approvals.Approval:
        """Return one approval."""
        return await self._call(operations.get(name))  # type: ignore[no-any-return]

    async def list_approvals(self, states: Iterable[str] = ()) -> list[approvals.Approval]:
        """List all approvals that we may see, the newest first; *states* such as "PENDING"."""
        found: list[approvals.Approval] = []
        wanted, page = list(states), ""
        while True:
            reply = await self._call(operations.list_(wanted, page))
            found += reply.approvals
            page = reply.next_page_token
            if not page:
                return found

    async def approve_approval(
        self, name: str, digest: bytes, *, comment: str = ""
    ) -> approvals.Approval:
        """Approve; *digest* is that of what we have seen, best computed from it ourselves."""
        operation = operations.approve(name, digest, comment)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def reject_approval(self, name: str, *, comment: str = "") -> approvals.Approval:
        """Reject, for good."""
        return await self._call(operations.reject(name, comment))  # type: ignore[no-any-return]

    async def cancel_approval(self, name: str) -> approvals.Approval:
        """Take back what we have asked for."""
        return await self._call(operations.cancel(name))  # type: ignore[no-any-return]

    async def watch_approvals(self) -> AsyncGenerator[approvals.WatchApprovalsResponse]:
        """Yield the open approvals that we may see, then every change; as ``watch_tokens``."""
        async with aclosing(self._stream(operations.watch())) as changes:
            async for change in changes:
                yield change
