"""What is recorded of a key's destruction that others have approved."""

from collections.abc import Iterable

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
from tests.unit.daemon.ledgers import MemoryLedger
from tests.unit.daemon.policy.values import KEY
from tests.unit.daemon.rpc.fakes import FakeApprovals, FakeUsage


class Keys:
    """One key, which can be destroyed."""

    destroyed: bytes | None = None

    def check_destroyable(self, key_id: str, version: int | None = None) -> RegisteredKey:
        return KEY

    async def destroy(
        self, key_id: str, version: int | None = None, *, spki: bytes | None = None
    ) -> Destroyed:
        self.destroyed = spki
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


async def test_the_record_names_the_approval_that_was_used() -> None:
    engine = create_engine("sqlite://")
    ledger, keys = MemoryLedger(engine), Keys()
    api = KeyApi(keys, None, Approvals(), Recorder(ledger), FakeUsage(), 2)  # type: ignore[arg-type]
    calls.begin(Call("/signetd.api.v1.KeyService/DestroyKey", identity="admin-1"))
    await api.destroy_key(messages.DestroyKeyRequest(name="keys/seal", approval="approvals/a1"))
    (entry,) = ledger.entries
    assert (entry.event.result, entry.event.resource) == ("BEGUN", "keys/seal")
    assert entry.event.approval == "approvals/a1"
    assert keys.destroyed == KEY.spki, "the pair that was approved, and no other"
