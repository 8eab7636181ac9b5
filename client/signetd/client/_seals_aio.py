"""The calls of SealService for asyncio, as ``client.seals``."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from signetd.api.v1.seal_service_pb2 import Seal, SealEvent, SealStatus
from signetd.client import _seal_operations as operations
from signetd.client import seals
from signetd.client._operations import Operation
from signetd.client.errors import SignetdError
from signetd.client.seals import SealItem, Stamp, StampItem

_Seals = list[Seal]  # in the classes, `list` is a method
_Events = list[SealEvent]
_Names = list[str]
_Stamps = list[Stamp | SignetdError]


class AsyncSealCalls:
    """SealCalls for asyncio."""

    def __init__(self, call: Callable[[Operation], Awaitable[Any]]) -> None:
        self._call = call

    async def apply(self, item: SealItem) -> Seal:
        """Apply for a seal (申请); see SealCalls.apply."""
        operation = operations.apply(item)
        return seals.read_seal(await self._call(operation))

    async def review(self, name: str, *, accepted: bool, reason: str = "") -> Seal:
        """Accept or reject an application; see SealCalls.review."""
        operation = operations.review(name, reason, accepted=accepted)
        return seals.read_seal(await self._call(operation))

    async def make(self, name: str, *, maker_key: str, seal_id: str, approval: str = "") -> Seal:
        """Have a seal made (制章) that was accepted; see SealCalls.make."""
        operation = operations.make(name, maker_key, seal_id, approval)
        return seals.read_seal(await self._call(operation))

    async def file(self, name: str, *, filing_number: str, remark: str = "") -> Seal:
        """File a seal that was made (备案): from then on it can be used; see SealCalls.file."""
        operation = operations.file(name, filing_number, remark)
        return seals.read_seal(await self._call(operation))

    async def suspend(self, name: str, *, reason: str) -> Seal:
        """Stop a seal from being used until it is resumed (停用); see SealCalls.suspend."""
        operation = operations.suspend(name, reason)
        return seals.read_seal(await self._call(operation))

    async def resume(self, name: str, *, reason: str) -> Seal:
        """Let a suspended seal be used again (恢复); see SealCalls.resume."""
        operation = operations.resume(name, reason)
        return seals.read_seal(await self._call(operation))

    async def change(self, name: str, item: SealItem, *, reason: str) -> Seal:
        """Apply for a seal in the place of another (变更); see SealCalls.change."""
        operation = operations.change(name, item, reason)
        return seals.read_seal(await self._call(operation))

    async def cancel(self, name: str, *, reason: str) -> Seal:
        """End a seal (注销), for good; see SealCalls.cancel."""
        operation = operations.cancel(name, reason)
        return seals.read_seal(await self._call(operation))

    async def import_(
        self,
        name: str,
        der: bytes,
        *,
        kind: str,
        owner: str,
        code: str,
        key: str = "",
        trust_list: str = "",
    ) -> Seal:
        """Take in a seal that was made elsewhere; see SealCalls.import_."""
        operation = operations.import_(name, der, kind, owner, code, key, trust_list)
        return seals.read_seal(await self._call(operation))

    async def report_key_compromise(self, key: str, *, reason: str) -> _Names:
        """Have all seals of a key suspended; see SealCalls.report_key_compromise."""
        operation = operations.report_key_compromise(key, reason)
        reply = await self._call(operation)
        return _Names(reply.suspended)

    async def list(self, states: Iterable[str] = (), *, code: str = "") -> _Seals:
        """List the seals that we see by name, without their pictures; see SealCalls.list."""
        found: _Seals = []
        wanted, page = tuple(states), ""
        while True:
            reply = await self._call(operations.list_(wanted, code, page))
            found += reply.seals
            page = reply.next_page_token
            if not page:
                return found

    async def get(self, name: str) -> Seal:
        """Return a seal, whole; see SealCalls.get."""
        operation = operations.get(name)
        return seals.read_seal(await self._call(operation))

    async def events(self, name: str) -> _Events:
        """Return what happened to a seal, the oldest first; see SealCalls.events."""
        operation = operations.events(name)
        reply = await self._call(operation)
        return _Events(reply.events)

    async def status(
        self,
        name: str = "",
        *,
        seal_id: str = "",
        sm3: str = "",
        time: datetime | None = None,
    ) -> SealStatus:
        """Tell whether a seal was good at a time; see SealCalls.status."""
        operation = operations.status(name, seal_id, sm3, time)
        return await self._call(operation)  # type: ignore[no-any-return]

    async def stamp(self, item: StampItem) -> Stamp:
        """Apply a seal to a document (签章); see SealCalls.stamp."""
        operation = operations.stamp(item)
        return seals.read_stamp(await self._call(operation))

    async def stamp_batch(self, items: Sequence[StampItem]) -> _Stamps:
        """Apply seals to up to 1,000 documents; see SealCalls.stamp_batch."""
        operation = operations.stamp_batch(items)
        return seals.read_stamps(await self._call(operation), len(items))
