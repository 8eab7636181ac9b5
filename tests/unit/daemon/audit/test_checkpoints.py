"""Checkpoints: when they are made, what they cover, what becomes of a failure."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from signetd.daemon.audit.checkpoints import Checkpoints
from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.audit.signers import SoftSigner
from tests.unit.daemon.audit.conftest import entry, records

Make = Callable[..., Any]


@pytest.fixture
def signer() -> SoftSigner:
    return SoftSigner()


@pytest.fixture
async def make(ledger: GroupLedger, store: AuditStore, signer: SoftSigner) -> AsyncIterator[Make]:
    """Makes and starts checkpoints, which are made by nothing of themselves unless asked to."""
    made: list[Checkpoints] = []

    async def start(**options: Any) -> Checkpoints:
        options.setdefault("retry_seconds", (0.01, 0.02))
        made.append(Checkpoints(ledger, store, signer, **options))
        await made[-1].start()
        return made[-1]

    yield start
    for each in made:
        await each.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  # what is waited for tells nobody
            await asyncio.sleep(0.005)


def places(store: AuditStore) -> list[int]:
    return [each["number"] for each in records(store) if each["kind"] == "checkpoint"]


async def test_one_is_made_when_it_is_asked_for(
    make: Make, store: AuditStore, ledger: GroupLedger, signer: SoftSigner
) -> None:
    checkpoints = await make()
    covered = ledger.tail
    state = await checkpoints.make()
    assert (state.covered, state.failure) == (1, "")
    record = records(store)[1]
    assert (record["covers_number"], record["covers_hash"]) == (1, covered.hash)
    assert record["resource"] == "keys/audit"
    assert len(signer.asked) == 1


async def test_one_is_made_after_so_many_records(
    make: Make, store: AuditStore, ledger: GroupLedger
) -> None:
    await make(records=10)
    for _ in range(8):
        await ledger.write(entry())
    assert not places(store), "9 records are fewer than 10"
    await ledger.write(entry())
    await until(lambda: len(places(store)) == 1)
    await asyncio.gather(*(ledger.write(entry()) for _ in range(10)))
    await until(lambda: len(places(store)) == 2)


async def test_one_is_made_after_some_time_if_there_is_something_new(
    make: Make, store: AuditStore, ledger: GroupLedger
) -> None:
    await make(seconds=0.1)
    await until(lambda: len(places(store)) == 1)
    await asyncio.sleep(0.3)
    assert len(places(store)) == 1, "a checkpoint must not be the reason for another one"
    await ledger.write(entry())
    await until(lambda: len(places(store)) == 2)


async def test_it_does_not_hold_up_what_is_written_meanwhile(
    make: Make, store: AuditStore, ledger: GroupLedger, signer: SoftSigner
) -> None:
    checkpoints = await make()
    goes_on, sign = asyncio.Event(), signer.sign

    async def slow(key: Any, data: bytes) -> bytes:
        await goes_on.wait()
        return await sign(key, data)

    signer.sign = slow  # type: ignore[method-assign]
    task = asyncio.create_task(checkpoints.make())
    await asyncio.sleep(0)
    await ledger.write(entry())
    goes_on.set()
    assert (await task).covered == 1
    assert [each["kind"] for each in records(store)] == ["start", "use", "checkpoint"]


async def test_a_failure_is_told_once_and_tried_again(
    make: Make, store: AuditStore, ledger: GroupLedger, signer: SoftSigner
) -> None:
    told: list[str] = []
    signer.failure = SignetError(Reason.TOKEN_LOCKED, "The token is locked.")
    checkpoints = await make(records=2, on_change=told.append)
    await ledger.write(entry())
    await until(lambda: bool(told))
    await asyncio.sleep(0.05)
    assert told == ["The token is locked."]
    assert checkpoints.state.failure == "The token is locked."
    await ledger.write(entry())  # goes on
    signer.failure = None
    await until(lambda: told[-1] == "")
    assert checkpoints.state.failure == ""


async def test_a_fault_of_the_signer_ends_nothing(
    make: Make, store: AuditStore, ledger: GroupLedger, signer: SoftSigner
) -> None:
    told: list[str] = []
    sign, faults = signer.sign, [ValueError("a secret")]

    async def faulty(key: Any, data: bytes) -> bytes:
        if faults:
            raise faults.pop()
        return await sign(key, data)

    signer.sign = faulty  # type: ignore[method-assign]
    await make(records=1, on_change=told.append)
    await until(lambda: len(told) == 2)
    assert places(store), "the second try made one"
    assert told == ["an error that nobody foresaw, ValueError", ""]


async def test_without_a_key_none_is_tried(
    make: Make, store: AuditStore, ledger: GroupLedger, signer: SoftSigner
) -> None:
    signer.off = True
    checkpoints = await make(records=1, seconds=0.01)
    await ledger.write(entry())
    await asyncio.sleep(0.05)
    assert checkpoints.state.failure == ""
    with pytest.raises(SignetError) as refused:
        await checkpoints.make()
    assert refused.value.reason is Reason.KEY_NOT_FOUND


async def test_a_restart_knows_the_last_one(make: Make, ledger: GroupLedger) -> None:
    before = await (await make()).make()
    after = (await make()).state
    assert (after.covered, after.time) == (before.covered, before.time)


async def test_the_start_of_a_daemon_compares_the_chain_with_it(
    make: Make, store: AuditStore, ledger: GroupLedger, tmp_path: Path, make_ledger: Any
) -> None:
    await (await make()).make()
    await ledger.close()
    again = await make_ledger()
    assert again.tail.number == 3
