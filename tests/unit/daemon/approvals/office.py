"""All parts of approvals put together as in the daemon, with people and a ledger of the test."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from signetd.daemon.approvals.changes import Changes
from signetd.daemon.approvals.service import Approvals
from signetd.daemon.approvals.types import Approval, Subject
from signetd.daemon.approvals.use import ApprovalUses
from signetd.daemon.policy.types import ApprovalRule, Role
from signetd.daemon.rpc import calls
from signetd.daemon.rpc.calls import Call
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.state.approvals import ApprovalStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.samples import REQUESTER, SUBJECT, People
from tests.unit.daemon.ledgers import START, MemoryLedger


class Needs:
    """Everything must be approved as `rules` say; those in `refused` may not do it anyway."""

    def __init__(self) -> None:
        self.rules: tuple[ApprovalRule, ...] = (ApprovalRule(count=2),)
        self.refused: set[str] = set()
        self.asked: list[tuple[str, Subject, bool]] = []

    def rules_for(
        self, identity: str, subject: Subject, *, message: bool, key: str = ""
    ) -> tuple[ApprovalRule, ...]:
        self.asked.append((identity, subject, message))
        if identity in self.refused:
            raise SignetError(Reason.PERMISSION_DENIED, "not this one")
        return self.rules


class Office:
    """The approvals, their uses, and everything around them. `now` is what the clock says."""

    def __init__(self, engine: Engine) -> None:
        self.now = START
        self.people = People()
        self.needs = Needs()
        self.ledger = MemoryLedger(engine)
        self.store = ApprovalStore(engine)
        self.changes = Changes(self.store, self.clock)
        self.told: list[Approval] = []
        self.changes.listen(self.told.append)
        self.approvals = Approvals(
            self.store, self.people, self.needs, Recorder(self.ledger), self.changes, self.clock
        )
        self.uses = ApprovalUses(self.store, self.people, self.changes, self.clock)

    def clock(self) -> datetime:
        return self.now

    def call(self, identity: str, method: str, *roles: Role) -> Call:
        """Begin a call of ApprovalService."""
        path = f"/signetd.api.v1.ApprovalService/{method}"
        call = Call(path, identity=identity, roles=frozenset(roles))
        calls.begin(call)
        return call

    async def asked(
        self, requester: str = REQUESTER, subject: Subject = SUBJECT, days: float = 1.0
    ) -> Approval:
        self.call(requester, "CreateApproval")
        return await self.approvals.create(
            requester, subject, "采购合同", timedelta(days=days), message=False
        )

    async def approved(self, *voters: str, requester: str = REQUESTER) -> Approval:
        made = await self.asked(requester)
        for voter in voters or ("admin-1", "admin-2"):
            self.call(voter, "ApproveApproval")
            made = await self.approvals.approve(voter, made.id, made.subject.digest)
        return made
