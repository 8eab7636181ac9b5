"""ApprovalService as it is called by somebody, without gRPC in between."""

from typing import Any

import pytest

from signetd.api.v1 import approval_service_pb2 as messages
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.types import Subject
from signetd.daemon.keys import RegisteredKey
from signetd.daemon.policy.types import Asker, Credential
from signetd.daemon.rpc.approval_api import ApprovalApi
from signetd.daemon.rpc.approval_watching import ApprovalWatchers
from signetd.daemon.seals.make import Making
from signetd.daemon.seals.stamp_types import StampInput
from signetd.daemon.signing import SignInput
from signetd.drivers.errors import Reason, SignetError
from signetd.gm.sm3 import sm3
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.test_subjects import SM2_KEY

SIGN = signing.SignRequest(key="keys/seal", message=b"message digest")


class Keys:
    """Has one key; `strangers` may not use it, and learn nothing of it."""

    def __init__(self) -> None:
        self.strangers: set[str] = set()

    def to_sign(self, identity: str, order: SignInput) -> RegisteredKey:
        return self.to_destroy(identity, order.key)

    def to_destroy(self, identity: str, key_id: str) -> RegisteredKey:
        if identity in self.strangers:
            raise SignetError(Reason.PERMISSION_DENIED, "not with a key of that name")
        if key_id != SM2_KEY.id:
            raise SignetError(Reason.KEY_NOT_FOUND, "no such key")
        return SM2_KEY


class Seals:
    """Lets a seal be made with the only key; whoever asks for it is in `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Making]] = []

    async def subject(self, making: Making, asker: Asker) -> tuple[Subject, RegisteredKey]:
        self.asked.append((asker.identity, making))
        resource, digest = f"seals/{making.seal}", sm3(making.seal_id.encode())
        return Subject(operation="make-seal", resource=resource, digest=digest), SM2_KEY


class Stamps:
    """Lets the only key stamp; whoever asks for it is in `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, StampInput]] = []

    async def subject(self, request: StampInput, asker: Asker) -> tuple[Subject, RegisteredKey]:
        self.asked.append((asker.identity, request))
        return subjects.stamp(request.seal, request.document_digest), SM2_KEY


class Service:
    """ApprovalService as it is called by somebody."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.watchers = ApprovalWatchers(office.approvals, office.changes, 4)
        self.keys = Keys()
        self.seals = Seals()
        self.stamps = Stamps()
        self.api = ApprovalApi(
            office.approvals,
            self.watchers,
            self.keys,
            self.seals,
            self.stamps,
            lambda name: Credential.COMMON_NAME,
        )

    async def create(self, who: str = "app", **fields: Any) -> messages.Approval:
        self.call = self.office.call(who, "CreateApproval")
        values = {"summary": "采购合同", **fields}
        return await self.api.create_approval(messages.CreateApprovalRequest(**values))

    async def vote(
        self, who: str, approval: messages.Approval, digest: bytes | None = None
    ) -> messages.Approval:
        self.call = self.office.call(who, "ApproveApproval")
        request = messages.ApproveApprovalRequest(
            name=approval.name, digest=approval.digest if digest is None else digest, comment="好"
        )
        return await self.api.approve_approval(request)

    def watch(self, who: str) -> Any:
        self.office.call(who, "WatchApprovals")
        return self.api.watch_approvals(messages.WatchApprovalsRequest())


async def refusal(work: Any) -> SignetError:
    with pytest.raises(SignetError) as caught:
        await work
    return caught.value
