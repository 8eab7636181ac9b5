"""The book has the newest snapshot, and keeps the one it has when it cannot be read."""

import asyncio

import pytest

from signetd.daemon.policy.book import PolicyBook
from signetd.daemon.policy.snapshot import Snapshot
from signetd.drivers.errors import Reason, SignetError


class Store:
    """A store that is changed by hand."""

    def __init__(self) -> None:
        self.number = 1
        self.read = 0
        self.failure: SignetError | None = None

    def version(self) -> int:
        return self.number

    def snapshot(self) -> Snapshot:
        if self.failure:
            raise self.failure
        self.read += 1
        return Snapshot(self.number)


async def test_before_it_is_loaded_it_is_empty() -> None:
    assert PolicyBook(Store()).snapshot.version == 0


async def test_it_is_read_again_only_when_it_was_changed() -> None:
    store = Store()
    book = PolicyBook(store)
    await book.load()
    await book.refresh()
    assert (book.snapshot.version, store.read) == (1, 1)
    store.number = 2
    await book.refresh()
    assert (book.snapshot.version, store.read) == (2, 2)
    store.number = 1  # a backup was restored
    await book.refresh()
    assert (book.snapshot.version, store.read) == (1, 3)


async def test_a_failure_keeps_what_was_known() -> None:
    store = Store()
    book = PolicyBook(store)
    await book.load()
    known = book.snapshot
    store.number, store.failure = 2, SignetError(Reason.INTERNAL, "The disk is gone.")
    for again in (book.refresh, book.load):
        with pytest.raises(SignetError, match="disk is gone"):
            await again()
        assert book.snapshot is known
    store.failure = None
    await book.refresh()
    assert book.snapshot.version == 2


async def test_many_at_once_read_it_once() -> None:
    store = Store()
    book = PolicyBook(store)
    await asyncio.gather(*(book.refresh() for _ in range(20)))
    assert (book.snapshot.version, store.read) == (1, 1)


async def test_keys_are_read_anew_before_a_new_version_counts() -> None:
    """Else a signature by a key that another daemon has disabled would be held for allowed."""
    store, seen = Store(), list[int]()
    loading, go_on = asyncio.Event(), asyncio.Event()

    async def load_keys() -> None:
        seen.append(book.snapshot.version)
        loading.set()
        await go_on.wait()

    book = PolicyBook(store, load_keys)
    reading = asyncio.create_task(book.refresh())
    await loading.wait()
    assert book.snapshot.version == 0, "the keys are not those of version 1 yet"
    go_on.set()
    await reading
    assert (book.snapshot.version, seen) == (1, [0])
    await book.refresh()
    assert seen == [0], "nothing was changed"


async def test_when_keys_cannot_be_read_the_old_snapshot_stays() -> None:
    async def load_keys() -> None:
        raise SignetError(Reason.INTERNAL, "The disk is gone.")

    book = PolicyBook(Store(), load_keys)
    for again in (book.refresh, book.load):
        with pytest.raises(SignetError, match="disk is gone"):
            await again()
        assert book.snapshot.version == 0
