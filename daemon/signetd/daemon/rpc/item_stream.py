"""One stream of items to sign: reads as long as there is room, and gives what is ready."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import msgspec

from signetd.api.v1 import signing_service_pb2 as messages
from signetd.daemon.rpc import convert, errors
from signetd.daemon.rpc.admission import Memory
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.incoming import Incoming
from signetd.daemon.rpc.item_groups import Item, ItemGroups
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.sign_many import Desk
from signetd.daemon.rpc.sign_response import fill_response
from signetd.daemon.signing import Outcome, SignInput
from signetd.drivers.errors import Reason, SignetError

MAX_ITEMS: Final = 100
"""Most items of a message."""
WINDOW: Final = 256
"""While so many items of a stream are under way, no more are read."""
_ITEM_BYTES: Final = 4 << 10  # about what an item costs besides what it brings
_Result = messages.SignStreamResult


class _Message:
    """What one message has taken of the memory, until the last of its items is answered."""

    def __init__(self, memory: Memory, items: int) -> None:
        self._memory = memory
        self._items = items

    def answered(self) -> None:
        """Count one item less."""
        self._items -= 1
        if not self._items:
            self._memory.give_back()


class ItemStream:
    """Signs the items of one call; each of them may take *seconds* from when it came."""

    def __init__(
        self,
        incoming: Incoming[messages.SignStreamRequest],
        desk: Desk,
        recorder: Recorder,
        call: Call,
        seconds: float,
    ) -> None:
        self._incoming = incoming
        self._call = call
        self._seconds = seconds
        self._groups = ItemGroups(desk, recorder, call, self._keep)
        self._under_way: dict[int, _Message] = {}
        self._held = 0  # items that are under way, or whose results are being sent
        self._ready: list[_Result] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._reads = False  # whether the reader waits for its client, and may be stopped
        self._ended: SignetError | None = None
        self._items = self._failed = 0

    async def results(self) -> AsyncGenerator[list[_Result]]:
        """Yield all that is ready, again and again, until the client has ended its side.

        Raises INPUT_INVALID for a message that cannot be read, what the check of *incoming* does,
        and what the stream was ended with: each when what was under way is answered.
        """
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(lambda _: self._news.set())
        try:
            while self._under_way or not self._reader.done():
                await self._news.wait()
                self._news.clear()
                if self._ready:
                    ready, self._ready = self._ready, []
                    # A client may use a reference again as soon as it has the result.
                    answered = [self._under_way.pop(each.reference) for each in ready]
                    try:
                        yield ready
                    finally:
                        self._release(answered)
            if self._ended is None:
                self._reader.result()
        finally:
            self._call.facts.update(items=self._items, failed=self._failed)
            self._reader.cancel()
            await self._groups.cancel()
            for message in self._under_way.values():
                message.answered()
        if self._ended is not None:
            raise self._ended

    def end(self, error: SignetError) -> None:
        """Read no more; what is under way is answered, and then the stream ends with *error*."""
        self._ended = self._ended or error
        if self._reader is not None and self._reads:
            self._reader.cancel()

    async def _read(self) -> None:
        while self._ended is None:
            self._reads = True
            await self._have_room(WINDOW)
            raw = await self._incoming.read()
            if raw is None:
                return
            message = self._incoming.parse(raw)
            self._check(message)
            memory, error = await self._memory(len(raw) + _ITEM_BYTES * len(message.items))
            self._reads = False
            self._take(message, memory, error)

    async def _have_room(self, items: int) -> None:
        while self._held >= items:
            self._room.clear()
            await self._room.wait()

    async def _memory(self, size: int) -> tuple[Memory, SignetError | None]:
        """Count a message. If its client has no room for it, wait for what is under way here."""
        while True:
            memory = self._incoming.memory()
            try:
                memory.bring(size)
            except SignetError as error:
                if not self._held:
                    return memory, error
                await self._have_room(self._held)
            else:
                return memory, None

    def _check(self, message: messages.SignStreamRequest) -> None:
        items = message.items
        if not 1 <= len(items) <= MAX_ITEMS:
            raise _broken(f"items has {len(items)} items; 1 to {MAX_ITEMS} are allowed")
        references = {item.reference for item in items}
        if len(references) < len(items):
            raise _broken("items has two items with the same reference")
        if doubled := references & self._under_way.keys():
            raise _broken(f"the item with the reference {min(doubled)} is under way already")

    def _take(
        self, message: messages.SignStreamRequest, memory: Memory, error: SignetError | None
    ) -> None:
        counted = _Message(memory, len(message.items))
        self._items += len(message.items)
        self._held += len(message.items)
        self._under_way.update((item.reference, counted) for item in message.items)
        deadline = time.monotonic() + self._seconds
        if self._call.deadline is not None:
            deadline = min(deadline, self._call.deadline)
        items = [self._item(item, deadline) for item in message.items]
        if error is None:
            self._groups.add(items)
        else:
            self._keep(items, [error] * len(items))

    def _item(self, item: messages.SignStreamItem, deadline: float) -> Item:
        request_id = f"{self._call.request_id}.{item.reference}"
        order: SignInput | SignetError
        try:
            read = convert.sign_input(item.request)
            order = msgspec.structs.replace(read, reference=str(item.reference))
        except SignetError as error:
            order = error
        return Item(item.reference, request_id, order, deadline)

    def _keep(self, group: list[Item], outcomes: Sequence[Outcome]) -> None:
        for item, outcome in zip(group, outcomes, strict=True):
            self._ready.append(self._result(item, outcome))
        self._news.set()

    def _result(self, item: Item, outcome: Outcome) -> _Result:
        result = _Result(reference=item.reference)
        if isinstance(outcome, Exception):
            self._failed += 1
            told = errors.known(outcome, self._call.request_id)
            result.error.CopyFrom(errors.status_of(told, item.request_id))
        else:
            fill_response(result.response, outcome)
        return result

    def _release(self, answered: Sequence[_Message]) -> None:
        for message in answered:
            message.answered()
        self._held -= len(answered)
        self._room.set()


def _broken(what: str) -> SignetError:
    return SignetError(
        Reason.INPUT_INVALID,
        f"A message of the stream was not taken, and the stream ends: {what}. Begin another one.",
    )
