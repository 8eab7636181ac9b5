"""What is recorded of a key's destruction that others have approved."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Connection, create_engine

from signetd.api.v1 import key_service_pb2 as messages
from signetd.daemon.approvals.types import Subject
from signetd.daemon.audit.types import Effect
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.keys.destruction import Destroyed
from signetd.daemon.policy.types import ApprovalRule
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.key_api import KeyApi
from signetd.daemon.rpc.recording import Recorder
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.ledgers import MemoryLedger
from tests.unit.daemon.policy.values import KEY
from tests.unit.daemon.rpc.fakes import FakeApprovals, FakeSeals, FakeUsage


class Keys:
    """One key, which can be destroyed; ``destroyed`` are the public keys of what was."""

    def __init__(self) -> None:
        self.destroyed: list[bytes | None] = []

    def check_destroyable(self, key_id: str, version: int | None = None) -> RegisteredKey:
        return KEY

    async def destroy(
        self, key_id: str, version: int | None = None, *, spki: bytes | None = None
    ) -> Destroyed:
        self.destroyed.append(spki)
        return Destroyed(key=KEY, proof="gone")


class Approvals(FakeApprovals):
    """Everything is approved."""

    async def effects_for_act(
        self,
        subject: Subject,
        approval: str,
        user: str,
        count: int,
        others: Iterable[ApprovalRule] = (),
    ) -> tuple[Effect, ...]:
        def use_up(connection: Connection, moment: object) -> None:
            """Stands for what uses the approval up."""

        return (use_up,)


def made(keys: Keys, ledger: MemoryLedger, seals: FakeSeals) -> KeyApi:
    recorder = Recorder(ledger)
    return KeyApi(keys, None, Approvals(), recorder, FakeUsage(), seals, 2)  # type: ignore[arg-type]


async def test_the_record_names_the_approval_that_was_used() -> None:
    engine = create_engine("sqlite://")
    ledger, keys = MemoryLedger(engine), Keys()
    api = made(keys, ledger, FakeSeals())
    calls.begin(Call("/signetd.api.v1.KeyService/DestroyKey", identity="admin-1"))
    await api.destroy_key(messages.DestroyKeyRequest(name="keys/seal", approval="approvals/a1"))
    (entry,) = ledger.entries
    assert (entry.event.result, entry.event.resource) == ("BEGUN", "keys/seal")
    assert entry.event.approval == "approvals/a1"
    assert keys.destroyed == [KEY.spki], "the pair that was approved, and no other"


async def test_a_key_of_seals_in_use_is_refused_before_anything_is_begun() -> None:
    ledger, seals, keys = MemoryLedger(create_engine("sqlite://")), FakeSeals(), Keys()
    seals.failure = SignetError(Reason.KEY_STATE_WRONG, "It has seals.")
    api = made(keys, ledger, seals)
    calls.begin(Call("/signetd.api.v1.KeyService/DestroyKey", identity="admin-1"))
    with pytest.raises(SignetError, match="It has seals"):
        await api.destroy_key(messages.DestroyKeyRequest(name="keys/seal", approval="approvals/a1"))
    assert (ledger.entries, keys.destroyed) == ([], [])


async def test_a_seal_that_comes_into_use_meanwhile_counts() -> None:
    """It is looked for again in the transaction that the destruction begins in."""

    class Late(FakeSeals):
        def unused(self, key: str) -> Effect:
            self.failure = SignetError(Reason.KEY_STATE_WRONG, "It has got a seal.")
            return super().unused(key)

    keys = Keys()
    api = made(keys, MemoryLedger(create_engine("sqlite://")), Late())
    calls.begin(Call("/signetd.api.v1.KeyService/DestroyKey", identity="admin-1"))
    with pytest.raises(SignetError, match="It has got a seal"):
        await api.destroy_key(messages.DestroyKeyRequest(name="keys/seal", approval="approvals/a1"))
    assert keys.destroyed == []
