"""How a batch is cut into chunks, and what becomes of its items."""

import msgspec

from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.isolation import wire
from signetd.drivers.isolation.batch import Batch, Chunk
from signetd.drivers.isolation.job import Job
from signetd.drivers.isolation.process import WorkerProcess
from signetd.drivers.types import Algorithm, Input, KeyRef, Requester, SignOrder


class Nowhere:
    """Looks after chunks that no worker ever gets."""

    def served(self, worker: WorkerProcess) -> None:
        raise AssertionError

    def failed(self, job: Job, worker: WorkerProcess, error: SignetError) -> None:
        raise AssertionError

    def ended(self, chunk: Chunk) -> None:
        raise AssertionError


ORDER = SignOrder(
    key=KeyRef(b"\x01", b"f"),
    algorithm=Algorithm.ECDSA_P256_SHA256,
    input=Input.DIGEST,
    data=bytes(32),
)
BUSY = SignetError(Reason.TOKEN_BUSY, "full")


def batch_of(*orders: SignOrder) -> Batch:
    return Batch(orders, Requester(), 1.0)


def cut_all(batch: Batch, most: int, workers: int = 1) -> list[list[int]]:
    found = []
    while (chunk := batch.cut(Nowhere(), most, workers)) is not None:
        found.append(chunk.indices)
    return found


async def test_a_chunk_has_at_most_so_many_items_and_leaves_some_for_other_workers() -> None:
    assert [len(each) for each in cut_all(batch_of(*[ORDER] * 70), 32)] == [32, 32, 6]
    shared = [len(each) for each in cut_all(batch_of(*[ORDER] * 100), 32, workers=2)]
    assert shared == [32, 32, 18, 9, 5, 4]


async def test_a_chunk_is_of_one_key_and_one_way_of_signing() -> None:
    other = msgspec.structs.replace(ORDER, key=KeyRef(b"\x02", b"g"))
    unverified = msgspec.structs.replace(ORDER, verify=False)
    message = msgspec.structs.replace(ORDER, input=Input.MESSAGE)
    again = msgspec.structs.replace(ORDER, key=KeyRef(b"\x01", b"f"))  # equal, not the same
    batch = batch_of(ORDER, other, unverified, again, other, message)
    assert cut_all(batch, 32) == [[0, 3], [1, 4], [2], [5]]


async def test_a_chunk_is_small_in_bytes_unless_one_item_is_not() -> None:
    small = msgspec.structs.replace(ORDER, data=bytes(10 << 10))
    large = msgspec.structs.replace(ORDER, data=bytes(1 << 20))
    assert cut_all(batch_of(small, small, small, small, large, large), 32) == [
        [0, 1, 2],
        [3],
        [4],
        [5],
    ]


async def test_without_room_nothing_is_lost_while_some_of_it_is_under_way() -> None:
    batch = batch_of(*[ORDER] * 10)
    first = batch.cut(Nowhere(), 4, 1)
    second = batch.cut(Nowhere(), 4, 1)
    assert first is not None
    assert second is not None
    second.refused(BUSY)
    assert batch.results == [None] * 10
    assert cut_all(batch, 4) == [[4, 5, 6, 7], [8, 9]]


async def test_without_room_and_with_nothing_under_way_all_that_is_left_is_refused() -> None:
    batch = batch_of(*[ORDER] * 10)
    chunk = batch.cut(Nowhere(), 4, 1)
    assert chunk is not None
    chunk.refused(BUSY)
    assert batch.results == [BUSY] * 10
    assert batch.done


async def test_what_a_token_refuses_for_all_is_the_result_of_each() -> None:
    locked = SignetError(Reason.TOKEN_LOCKED, "locked")
    batch = batch_of(*[ORDER] * 10)
    chunk = batch.cut(Nowhere(), 4, 1)
    assert chunk is not None
    chunk.refused(locked)
    assert batch.results == [locked] * 10


async def test_a_chunk_parts_with_all_but_the_item_at_work() -> None:
    batch = batch_of(*[ORDER] * 4)
    chunk = batch.cut(Nowhere(), 4, 1)
    assert chunk is not None
    rest = chunk.split()
    assert rest is not None
    assert (chunk.indices, chunk.items, rest.indices, rest.items) == ([0], 1, [1, 2, 3], 3)
    assert chunk.split() is None
    command = rest.command()
    assert isinstance(command, wire.SignMany)
    assert len(command.data) == 3
