"""How calls end in the audit, also those that nobody waits for, and those of a flood."""

import asyncio
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from signetd.daemon.audit.types import Charge
from signetd.daemon.policy.types import Role
from signetd.daemon.rpc import calls, flood
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.rules import Record
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.ledgers import MemoryLedger

DENIED = SignetError(Reason.PERMISSION_DENIED, "No.")
METHOD = "/signetd.api.v1.KeyService/DestroyKey"


def call(identity: str = "root", **values: Any) -> Call:
    roles = frozenset({Role.SECURITY_ADMIN})
    return Call(METHOD, identity=identity, roles=roles, resource="keys/seal", **values)


def written(ledger: MemoryLedger) -> list[tuple[str, str]]:
    return [(entry.event.identity, entry.event.result) for entry in ledger.entries]


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.mark.parametrize(
    ("failure", "result"),
    [(None, "OK"), (DENIED, "PERMISSION_DENIED"), (RuntimeError("x"), "INTERNAL")],
)
async def test_an_act_goes_on_when_its_caller_has_gone_and_its_end_is_recorded(
    ledger: MemoryLedger, failure: Exception | None, result: str
) -> None:
    recorder, begun, released = Recorder(ledger), asyncio.Event(), asyncio.Event()
    current = call(admitted=True)

    async def work() -> Message:
        begun.set()
        await released.wait()
        if failure is not None:
            raise failure
        return Empty()

    caller = asyncio.create_task(recorder.carry_out(current, work()))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    late = SignetError(Reason.DEADLINE_PASSED, "Too late.")
    await recorder.ended(current, Record.CHANGE, late)  # what the dispatcher says of the call
    assert written(ledger) == [], "the end is recorded when it is known, and once"
    released.set()
    await recorder.drain()
    assert written(ledger) == [("root", result)]


async def test_an_end_that_cannot_be_recorded_is_no_success(ledger: MemoryLedger) -> None:
    ledger.failure = SignetError(Reason.AUDIT_UNAVAILABLE, "The disk is full.")

    async def work() -> Message:
        return Empty()

    with pytest.raises(SignetError) as caught:
        await Recorder(ledger).carry_out(call(admitted=True), work())
    assert caught.value is ledger.failure


async def test_a_flood_of_refusals_becomes_few_records(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "_SECONDS", 0.01)
    recorder = Recorder(ledger)
    for _ in range(500):
        await recorder.ended(call("mallory"), Record.READ, DENIED)
    await recorder.ended(call("alice"), Record.READ, DENIED)
    assert written(ledger).count(("mallory", "PERMISSION_DENIED")) == flood.EACH
    assert ("alice", "PERMISSION_DENIED") in written(ledger), "others still have their records"
    await asyncio.sleep(0.05)
    await recorder.drain()
    last = ledger.entries[-1].event
    assert (last.identity, last.operation, last.detail) == (
        "mallory",
        "refused",
        f"{500 - flood.EACH} more calls in this second",
    )


async def test_many_names_do_not_make_many_records(
    ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "_SECONDS", 0.01)
    recorder = Recorder(ledger)
    for number in range(5000):
        await recorder.ended(call(f"mallory-{number}"), Record.READ, DENIED)
    assert len(ledger.entries) == flood.ALL
    await asyncio.sleep(0.05)
    await recorder.drain()
    assert [entry.event.detail for entry in ledger.entries[flood.ALL :]] == [
        f"{5000 - flood.ALL} more calls in this second"
    ]


async def test_whoever_was_let_in_is_recorded_each_time(ledger: MemoryLedger) -> None:
    recorder = Recorder(ledger)
    for _ in range(100):
        await recorder.ended(call(admitted=True), Record.READ, DENIED)
    assert len(ledger.entries) == 100


async def test_an_act_costs_and_says_what_it_has_signed(ledger: MemoryLedger) -> None:
    calls.begin(call())
    charge = Charge(scope="keys/maker")
    signed = {"token": "t", "digest": "ab"}
    await Recorder(ledger).act("seals/a", charges=(charge,), policy_version=7, signed=signed)
    (entry,) = ledger.entries
    assert (entry.charges, entry.policy_version) == ((charge,), 7)
    assert (entry.event.token, entry.event.digest, entry.event.result) == ("t", "ab", "OK")


@pytest.mark.parametrize(("version", "recorded"), [(7, False), (0, True)])
async def test_an_act_under_another_policy_is_not_taken_for_recorded(
    ledger: MemoryLedger, version: int, recorded: bool
) -> None:
    """Without a version it is an effect that has refused, and the ledger has written that."""
    ledger.failure = SignetError(Reason.POLICY_CHANGED, "Changed.")
    current = call()
    calls.begin(current)
    with pytest.raises(SignetError):
        await Recorder(ledger).act("seals/a", policy_version=version)
    assert current.recorded is recorded
