"""Many signatures for one client: cut into chunks, each the work of some milliseconds.

A chunk is one call of a worker, whose results come as they are made. So an item costs next to
nothing in this process, and yet each is watched, retried and failed by itself.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.errand import WorkerFailure
from signetd.drivers.isolation.job import Job, Office
from signetd.drivers.types import KeyRef, Requester, SignOrder

if TYPE_CHECKING:
    from signetd.drivers.isolation.process import WorkerProcess

_CHUNK_BYTES: Final = 32 << 10  # or one item: two such chunks may wait at a worker
_MIN_SHARE: Final = 4  # smaller chunks would not be worth a call of their own


class Batch:
    """The orders of one client, in their order, and what became of each."""

    def __init__(self, orders: Sequence[SignOrder], requester: Requester, timeout: float) -> None:
        self.orders = orders
        self.requester = requester
        self.timeout = timeout
        self.deadline = requester.deadline
        self.results: list[bytes | SignetError | None] = [None] * len(orders)
        self.retried: set[int] = set()
        self.out: set[Chunk] = set()  # those that wait or are with a worker
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = len(orders)
        self._groups = deque(_alike(orders))

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do, or nobody waits for it."""
        return self.future.done()

    @property
    def waits(self) -> bool:
        """Whether one of its chunks waits in the queue."""
        return any(chunk.worker is None for chunk in self.out)

    def cut(self, office: "Desk", most: int, workers: int) -> "Chunk | None":
        """Cut off the next chunk: at most so many items, of one key, and a share of what is left.

        None when all are under way.
        """
        if not self._groups or self.done:
            return None
        group = self._groups[0]
        count = min(most, max(_MIN_SHARE, -(-len(group) // max(1, workers))))
        indices: list[int] = []
        size = 0
        while group and len(indices) < count:
            size += len(self.orders[group[0]].data)
            if indices and size > _CHUNK_BYTES:
                size -= len(self.orders[group[0]].data)
                break
            indices.append(group.popleft())
        if not group:
            self._groups.popleft()
        chunk = Chunk(office, self, indices, size)
        self.out.add(chunk)
        return chunk

    def uncut(self, chunk: "Chunk") -> None:
        """Take back a chunk that waits, or should have."""
        self.out.discard(chunk)
        self._groups.appendleft(deque(chunk.indices))
        chunk.indices = []
        chunk.items = 0

    def put_off(self, error: SignetError) -> None:
        """Take note that the queue has no room for it; with nothing of it out, that is its end.

        What is out will end, and it is tried again then.
        """
        if not self.out:
            self.refuse(error)

    def refuse(self, error: SignetError) -> None:
        """Fail all that is not under way."""
        for group in self._groups:
            self._set(group, error)
        self._groups.clear()
        self._settle()

    def took(self, indices: Sequence[int], results: Sequence[bytes | SignetError]) -> None:
        """Take results of items."""
        if self.future.done():
            return  # whoever asked has them already
        for index, result in zip(indices, results, strict=True):
            self.results[index] = result
        self._left -= len(indices)
        self._settle()

    def _set(self, indices: Sequence[int], error: SignetError) -> None:
        self.took(indices, [error] * len(indices))

    def _settle(self) -> None:
        if not self._left and not self.future.done():
            self.future.set_result(None)

    def expire(self, error: SignetError) -> None:
        """Its deadline has passed: what has no result yet gets none."""
        self._groups.clear()
        self._set([i for i, result in enumerate(self.results) if result is None], error)


class Desk(Office, Protocol):
    """Who looks after chunks."""

    def ended(self, chunk: "Chunk") -> None:
        """All items of a chunk are done."""
        ...


class Chunk(Job):
    """Items of a batch that a worker is given at once: of one key, signed one after the other."""

    __slots__ = ("_batch", "_office", "indices")

    def __init__(self, office: Desk, batch: Batch, indices: list[int], size: int) -> None:
        super().__init__(office, batch.timeout, batch.requester, size, is_signature=True)
        self._office = office
        self._batch = batch
        self.indices = indices  # of those without a result
        self.items = len(indices)

    @property
    def done(self) -> bool:
        """Whether nobody waits for it any more."""
        return not self.indices or self._batch.done

    @property
    def batch(self) -> Batch:
        """Of which batch it is."""
        return self._batch

    @property
    def is_retry(self) -> bool:
        """Whether a token has answered its next item with an error before."""
        return bool(self.indices) and self.indices[0] in self._batch.retried

    @property
    def key(self) -> KeyRef | None:
        """With which key pair its items are signed."""
        return self._batch.orders[self.indices[0]].key if self.indices else None

    def mark_retry(self) -> None:
        """Take note that its next item is tried for the second and last time."""
        self._batch.retried.add(self.indices[0])

    def command(self) -> wire.Command:
        """Write the call for the items that are left."""
        orders = self._batch.orders
        first = orders[self.indices[0]]
        return wire.SignMany(
            first.key,
            first.algorithm,
            first.input,
            first.signer_id,
            first.verify,
            [orders[index].data for index in self.indices],
        )

    def progressed(self, worker: "WorkerProcess", results: list[bytes | wire.Failure]) -> None:
        """Its next items are done."""
        self.office.served(worker)
        self.moves = 0
        self._take(
            [
                result if isinstance(result, bytes) else WorkerFailure(result)
                for result in results[: len(self.indices)]
            ]
        )
        if not self.indices:
            self._office.ended(self)

    def answered(self, worker: "WorkerProcess", value: wire.Value) -> None:
        """Refuse what is no answer to it."""
        raise wire.WireError(f"{type(value).__name__} came for a batch of signatures")

    def fail_next(self, error: SignetError) -> None:
        """Its next item has failed for good."""
        self._take([error])

    def refused(self, error: SignetError) -> None:
        """It waited, and will not be begun."""
        if error.reason is Reason.TOKEN_BUSY:
            self._batch.uncut(self)
            self._batch.put_off(error)
        else:  # nothing of the batch will be begun
            self._take([error] * len(self.indices))
            self._batch.refuse(error)

    def split(self) -> "Chunk | None":
        """Part with all items but the next one, which is at work."""
        if len(self.indices) < 2:
            return None
        rest = Chunk(self._office, self._batch, self.indices[1:], self.size)
        rest.moves = self.moves
        self._batch.out.add(rest)
        del self.indices[1:]
        self.items = 1
        return rest

    def _take(self, results: Sequence[bytes | SignetError]) -> None:
        indices, self.indices = self.indices[: len(results)], self.indices[len(results) :]
        self.items = len(self.indices)
        if not self.indices:
            self._batch.out.discard(self)
        self._batch.took(indices, results)


def _alike(orders: Sequence[SignOrder]) -> list[deque[int]]:
    """Put those together that differ in their data only, in the order of their coming."""
    groups: dict[tuple[object, ...], deque[int]] = {}
    last: SignOrder | None = None
    group: deque[int] = deque()
    for index, order in enumerate(orders):
        if last is None or not (
            order.key is last.key
            and order.algorithm is last.algorithm
            and order.input is last.input
            and order.signer_id == last.signer_id
            and order.verify is last.verify
        ):
            terms = (order.key, order.algorithm, order.input, order.signer_id, order.verify)
            group = groups.setdefault(terms, deque())
            last = order
        group.append(index)
    return list(groups.values())
