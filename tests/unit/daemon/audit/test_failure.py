"""The database fails: everybody is told, nothing is doubled, and it goes on by itself."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from signetd.daemon.audit.ledger import GroupLedger
from signetd.daemon.state import Database, StateError
from signetd.daemon.state.audit import AuditStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.audit.conftest import MakeLedger, entry, records


class Disk:
    """Breaks the store's transactions: `before` the COMMIT, or only its `answer`."""

    def __init__(self, store: AuditStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.breaks = ""
        self.tries = 0
        self._open: Callable[[], Any] = store.transaction
        self._open_writing: Callable[..., Any] = store.writing
        monkeypatch.setattr(store, "transaction", lambda: self._breaking(self._open()))
        monkeypatch.setattr(store, "writing", self._writing)

    def _writing(self, *, plain: bool) -> Any:
        # What is not plain goes through `transaction`, and breaks there.
        opened = self._open_writing(plain=plain)
        return self._breaking(opened) if plain else opened

    @contextmanager
    def _breaking(self, opened: Any) -> Iterator[Any]:
        self.tries += 1
        breaks = self.breaks
        if breaks == "gone":
            raise self._error("the disk is gone")
        with opened as transaction:
            yield transaction
            if breaks == "before":
                raise self._error("the disk is full")
        if breaks == "answer":
            self.breaks = ""
            raise self._error("the connection was lost")
        if breaks == "answer, then gone":
            self.breaks = "gone"
            raise self._error("the connection was lost")

    def _error(self, text: str) -> OperationalError:
        return OperationalError("COMMIT", None, OSError(text))


@pytest.fixture
def disk(store: AuditStore, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(store, monkeypatch)


async def writes_again(ledger: GroupLedger) -> None:
    async with asyncio.timeout(10):
        while ledger.failure:  # noqa: ASYNC110  # on_change belongs to the test
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("how", ["before", "gone"])
async def test_everybody_is_told_and_it_goes_on_when_the_disk_does(
    how: str, make_ledger: MakeLedger, store: AuditStore, disk: Disk
) -> None:
    told: list[str] = []
    ledger = await make_ledger(on_change=told.append, group=2)
    disk.breaks = how
    results = await asyncio.gather(
        *(ledger.write(entry()) for _ in range(5)), return_exceptions=True
    )
    for result in results:
        assert isinstance(result, SignetError)
        assert (result.reason, result.retryable) == (Reason.AUDIT_UNAVAILABLE, True)
        assert "the disk is" in result.message, "the message must say the cause"
    with pytest.raises(SignetError, match="the disk is"):
        ledger.check()
    with pytest.raises(SignetError):
        await ledger.write(entry())
    disk.breaks = ""
    await writes_again(ledger)
    await ledger.write(entry())
    assert [each["operation"] for each in records(store)] == ["start", "recover", "sign"]
    assert "the disk is" in records(store)[1]["detail"]
    assert [bool(each) for each in told] == [True, False]


async def test_it_is_not_tried_without_a_pause(make_ledger: MakeLedger, disk: Disk) -> None:
    ledger = await make_ledger(probe_seconds=(30.0, 60.0))
    disk.breaks, disk.tries = "gone", 0
    with pytest.raises(SignetError) as refused:
        await ledger.write(entry())
    await asyncio.sleep(0.05)
    assert disk.tries == 1
    assert refused.value.retry_after == 30.0


async def test_a_commit_whose_answer_is_lost_is_read_back(
    ledger: GroupLedger, store: AuditStore, disk: Disk
) -> None:
    disk.breaks = "answer"
    written = await asyncio.gather(*(ledger.write(entry()) for _ in range(3)))
    assert [each.number for each in written] == [2, 3, 4]
    assert (await ledger.write(entry())).number == 5
    assert [each.get("use") for each in records(store)] == [None, 1, 2, 3, 4]


async def test_a_commit_that_cannot_be_read_back_yet_is_not_doubled(
    ledger: GroupLedger, store: AuditStore, disk: Disk
) -> None:
    disk.breaks = "answer, then gone"
    with pytest.raises(SignetError) as refused:
        await ledger.write(entry(identity="unknown"))
    assert refused.value.reason is Reason.AUDIT_UNAVAILABLE
    disk.breaks = ""
    await writes_again(ledger)
    assert [each.get("identity") for each in records(store)] == [None, "unknown", None]
    assert [each["operation"] for each in records(store)] == ["start", "sign", "recover"]


async def test_a_chain_that_another_writes_too_is_not_forked(
    make_ledger: MakeLedger, store: AuditStore
) -> None:
    ledger = await make_ledger()
    other = await make_ledger()
    await other.write(entry(identity="other"))
    with pytest.raises(SignetError, match="has records that this daemon has not written"):
        await ledger.write(entry(identity="ours"))
    await asyncio.sleep(0.1)  # some probes
    with pytest.raises(SignetError, match="The audit cannot be written"):
        ledger.check()
    await other.write(entry(identity="other"))
    assert "ours" not in {each.get("identity") for each in records(store)}


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_full_disk(make_ledger: MakeLedger, store: AuditStore, database: Database) -> None:
    ledger = await make_ledger()

    def limit(pages: int) -> None:
        database.audit("x")  # any store has the engine
        engine = store._engine
        engine.dispose()  # so that new connections take the limit on

        @event.listens_for(engine, "connect")
        def set_limit(connection: Any, record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

    limit(80)
    written = 0
    with pytest.raises(SignetError, match="database or disk is full") as refused:
        while True:
            await asyncio.gather(*(ledger.write(entry(detail="x" * 400)) for _ in range(20)))
            written += 20
    assert refused.value.reason is Reason.AUDIT_UNAVAILABLE
    assert len(records(store)) == written + 1, "what was refused must not be there"
    limit(100_000)
    await writes_again(ledger)
    await ledger.write(entry())
    found = records(store)
    assert [each["operation"] for each in found[-2:]] == ["recover", "sign"]
    assert found[-1]["use"] == written + 1


async def test_closing_does_not_wait_for_the_disk(make_ledger: MakeLedger, disk: Disk) -> None:
    ledger = await make_ledger(probe_seconds=(60.0, 60.0))
    disk.breaks = "gone"
    with pytest.raises(SignetError):
        await ledger.write(entry())
    async with asyncio.timeout(5):
        await ledger.close()


async def test_a_restart_goes_on_with_the_chain(make_ledger: MakeLedger, store: AuditStore) -> None:
    for _ in range(3):
        ledger = await make_ledger()
        await ledger.write(entry())
        await ledger.close()
    assert [each["operation"] for each in records(store)] == ["start", "sign"] * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE audit_records SET body = :altered WHERE number = 3",
         "does not follow on the one before|cannot be read"),
        ("DELETE FROM audit_records WHERE number = 3", "does not follow on the one before"),
        ("DELETE FROM audit_records", "no records left|is missing"),
        ("UPDATE audit_records SET body = 'x' WHERE number = 6", "cannot be read"),
        ("UPDATE use_counters SET count = 2", "was used 5 times, but its counter says 2"),
        ("DELETE FROM use_counters", "was used 5 times, but its counter says 0"),
    ],
)  # fmt: skip
async def test_a_daemon_does_not_start_on_what_was_changed(
    change: str, message: str, ledger: GroupLedger, make_ledger: MakeLedger, store: AuditStore
) -> None:
    for _ in range(5):
        await ledger.write(entry())
    await ledger.close()
    with store.transaction() as connection:
        body = store.bodies(3, 3, 1)[0].replace(b"alice", b"mallet")
        connection.execute(text(change), {"altered": body} if ":altered" in change else {})
        if change == "DELETE FROM audit_records":
            connection.exec_driver_sql("UPDATE audit_chains SET first = 2")
    with pytest.raises(StateError, match=message):
        await make_ledger()
