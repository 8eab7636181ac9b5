"""The items of a stream that wait for the desk, by key; what waits for one goes there together.

By key, so that a slow token does not hold up the results of another one. The more comes in while
the desk is busy, the larger the groups, and the less each item costs.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from signetd.daemon.approvals.subjects import SIGN
from signetd.daemon.policy.types import Asker
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.sign_many import Desk
from signetd.daemon.signing import Outcome, SignInput
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Requester

_ITEMS: Final = 128
"""Items of one stream and key that are at the desk together: more than a token's workers can take,
and few enough that one stream does not fill a token's queue for everybody else."""
_GROUPS: Final = 3  # at the desk together: the token has work while the others' results are sent
_GROUP: Final = 64
"""Items of a group, whose results come together, so that the first ones do not wait for long."""


class Item(msgspec.Struct, frozen=True):
    """One item under way, or what is wrong with it; `deadline` is of the monotonic clock."""

    reference: int
    request_id: str
    order: SignInput | SignetError
    deadline: float


class _Lane:
    """What waits for one key, and how much of it is at the desk."""

    def __init__(self) -> None:
        self.waiting: deque[Item] = deque()
        self.groups = 0
        self.at_desk = 0

    def next_group(self) -> list[Item]:
        """Take what may go to the desk now, which may be nothing."""
        if not self.waiting or self.groups >= _GROUPS:
            return []
        size = min(len(self.waiting), _GROUP, _ITEMS - self.at_desk)
        return [self.waiting.popleft() for _ in range(size)]


class ItemGroups:
    """Brings the items of one call to the desk; *done* is told of the outcomes of each group."""

    def __init__(
        self,
        desk: Desk,
        recorder: Recorder,
        call: Call,
        done: Callable[[list[Item], Sequence[Outcome]], None],
    ) -> None:
        self._desk = desk
        self._recorder = recorder
        self._call = call
        self._done = done
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, items: Iterable[Item]) -> None:
        """Have items signed as soon as it is their turn."""
        touched: set[str] = set()
        for item in items:
            key = "" if isinstance(item.order, SignetError) else item.order.key
            self._lanes[key].waiting.append(item)
            touched.add(key)
        for key in touched:
            self._hand_over(key)

    async def cancel(self) -> None:
        """Give up what is at the desk, and wait until it is."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    def _hand_over(self, key: str) -> None:
        lane = self._lanes[key]
        while group := lane.next_group():
            lane.groups += 1
            lane.at_desk += len(group)
            task = asyncio.create_task(self._work(key, lane, group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not lane.groups:
            del self._lanes[key]  # a stream may name many keys in its time

    async def _work(self, key: str, lane: _Lane, group: list[Item]) -> None:
        try:
            outcomes = await self._outcomes(group)
        except Exception as error:  # of all of them
            outcomes = [error] * len(group)
        lane.groups -= 1
        lane.at_desk -= len(group)
        self._done(group, outcomes)
        self._hand_over(key)

    async def _outcomes(self, group: list[Item]) -> Sequence[Outcome]:
        first = group[0]
        if isinstance(first.order, SignetError):
            return await asyncio.gather(*map(self._refused, group))
        # All have come at about the same time: the deadline of the first is that of all.
        try:
            async with asyncio.timeout(first.deadline - time.monotonic()):
                orders = [item.order for item in group if isinstance(item.order, SignInput)]
                return await self._desk.sign_many(orders, self._asker(first.deadline))
        except TimeoutError:
            raise SignetError(
                Reason.DEADLINE_PASSED,
                "There was no signature within limits.default_deadline of when the item came; "
                "send it again, and fewer at once.",
            ) from None

    async def _refused(self, item: Item) -> SignetError:
        """Record what cannot be read, as for an item of a batch, and return what is said of it."""
        if not isinstance(item.order, SignetError):
            raise TypeError("an item without error among those that have one")
        try:
            await self._recorder.item(SIGN, item.order, item.request_id)
        except SignetError as error:
            return error
        return item.order

    def _asker(self, deadline: float) -> Asker:
        requester = Requester(client=self._call.identity, deadline=deadline)
        return msgspec.structs.replace(self._call.asker, requester=requester)
