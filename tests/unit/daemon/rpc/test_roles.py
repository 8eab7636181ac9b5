"""Who may call what: a rule for each method, and the refusals."""

from typing import Any, cast

import pytest
from grpc import StatusCode, aio

from signetd.daemon.policy.types import Role
from signetd.daemon.rpc import rules
from signetd.daemon.rpc.dispatch import Dispatcher
from signetd.daemon.rpc.recording import Recorder
from signetd.daemon.rpc.rules import Record, Rule
from tests.unit.daemon.ledgers import MemoryLedger
from tests.unit.daemon.rpc.fakes import FakeCallers

EVERYBODY = {
    "SigningService/Verify",
    "KeyService/ListKeys",
    "KeyService/GetKey",
    "KeyService/GetPublicKey",
    "KeyService/GetCertificate",
    "KeyService/ListKeyVersions",
    "TokenService/ListTokens",
    "TokenService/GetToken",
    "TokenService/WatchTokens",
    "ApprovalService/CreateApproval",
    "ApprovalService/GetApproval",
    "ApprovalService/ListApprovals",
    "ApprovalService/ApproveApproval",
    "ApprovalService/RejectApproval",
    "ApprovalService/CancelApproval",
    "ApprovalService/WatchApprovals",
    "AuditService/GetAuditStatus",
    "SealService/ListSeals",
    "SealService/GetSeal",
    "SealService/ListSealEvents",
    "SealService/GetSealStatus",
    "VerificationService/VerifySeal",
    "VerificationService/VerifyStamp",
    "VerificationService/ListTrustLists",
    "VerificationService/GetTrustList",
}
APPLY = {"SealService/ApplyForSeal", "SealService/ChangeSeal", "SealService/CancelSeal"}
OVERSEE = {
    "AccessService/ListIdentities",
    "AccessService/GetIdentity",
    "AccessService/ListGroups",
    "AccessService/ListGrants",
    "AccessService/ExplainAccess",
    "KeyService/AttestKey",
}
ALLOWED = {
    "signer": EVERYBODY
    | APPLY
    | {
        "SigningService/Sign",
        "SigningService/BatchSign",
        "SigningService/SignStream",
        "SigningService/SignDocument",
        "SealService/Stamp",
        "SealService/BatchStamp",
    },
    "system-admin": EVERYBODY | {"TokenService/UnlockToken", "TokenService/LockToken"},
    "security-admin": EVERYBODY
    | OVERSEE
    | APPLY
    | {
        "SealService/ReviewSeal",
        "SealService/MakeSeal",
        "SealService/FileSeal",
        "SealService/SuspendSeal",
        "SealService/ResumeSeal",
        "SealService/ImportSeal",
        "SealService/ReportKeyCompromise",
        "VerificationService/ImportTrustList",
        "VerificationService/RetireTrustList",
        "KeyService/GenerateKey",
        "KeyService/EnrolKey",
        "KeyService/DisableKey",
        "KeyService/EnableKey",
        "KeyService/DestroyKey",
        "KeyService/SetKeyPolicy",
        "KeyService/CreateCsr",
        "KeyService/ImportCertificate",
        "KeyService/ReplaceKey",
        "AccessService/CreateIdentity",
        "AccessService/UpdateIdentity",
        "AccessService/DeleteIdentity",
        "AccessService/SetGroup",
        "AccessService/DeleteGroup",
        "AccessService/CreateGrant",
        "AccessService/DeleteGrant",
    },
    "auditor": EVERYBODY
    | OVERSEE
    | {
        "AuditService/ListRecords",
        "AuditService/FollowRecords",
        "AuditService/ExportRecords",
        "AuditService/CreateCheckpoint",
        "AuditService/PruneRecords",
    },
    "stranger": set(),
}
"""Written down here a second time, on purpose: whoever changes a rule changes both."""
WATCH = "TokenService/WatchTokens"
METHODS = sorted(
    f"{service.name}/{method.name}" for service in rules.SERVICES for method in service.methods
)


def build(**options: Any) -> Dispatcher:
    return Dispatcher(FakeCallers(), {}, Recorder(MemoryLedger()), **options)


def rule(*roles: Role) -> Rule:
    return Rule(frozenset(roles), Record.READ)


def test_rules_cover_the_api() -> None:
    rules.check_complete(rules.SERVICES, rules.RULES)
    assert set(METHODS) == set().union(*ALLOWED.values()), "say here who may call a new method"


def test_method_without_a_rule_stops_the_assembly() -> None:
    path = "/signetd.api.v1.SigningService/Sign"
    with pytest.raises(ValueError, match=path):
        build(given={k: v for k, v in rules.RULES.items() if k != path})


def test_rule_without_roles_counts_as_missing() -> None:
    path = "/signetd.api.v1.SigningService/Sign"
    with pytest.raises(ValueError, match=path):
        rules.check_complete(rules.SERVICES, {**rules.RULES, path: rule()})


def test_rule_of_no_method_is_refused() -> None:
    with pytest.raises(ValueError, match="/x/Y"):
        rules.check_complete(rules.SERVICES, {**rules.RULES, "/x/Y": rule(Role.AUDITOR)})


def test_method_that_nobody_answers_stops_the_assembly() -> None:
    with pytest.raises(ValueError, match="0 objects answer the method"):
        build()


def test_method_that_two_answer_stops_the_assembly() -> None:
    class Part:
        async def sign(self) -> None: ...

    with pytest.raises(ValueError, match=r"^2 objects answer the method"):
        Dispatcher(
            FakeCallers(),
            {"signetd.api.v1.SigningService": (Part(), Part())},
            Recorder(MemoryLedger()),
        )


@pytest.mark.parametrize("identity", ALLOWED)
async def test_each_role_reaches_its_methods_and_no_other(service: Any, identity: str) -> None:
    """An empty request gets past the permission exactly where the role allows the method."""
    async with aio.insecure_channel(await service.serve_socket(identity)) as channel:
        reached = set()
        for method in METHODS:
            try:
                request = b"\n\x03bad" if method == WATCH else b""  # an empty one goes on for ever
                call = cast(Any, channel).unary_unary(f"/signetd.api.v1.{method}")
                await call(request, timeout=10)
            except aio.AioRpcError as error:
                if error.code() is StatusCode.PERMISSION_DENIED:
                    continue
                assert error.code() is StatusCode.INVALID_ARGUMENT, (method, error.details())
            reached.add(method)
    assert reached == ALLOWED[identity]


async def test_permission_comes_before_the_key(service: Any) -> None:
    """A missing key, a malformed name and a malformed message all look the same to a stranger."""
    async with aio.insecure_channel(await service.serve_socket("stranger")) as channel:
        answers = set()
        for request in (b"\n\x09keys/seal", b"\n\x09keys/none", b"\n\x03bad", b"\xff\xff"):
            with pytest.raises(aio.AioRpcError) as caught:
                await cast(Any, channel).unary_unary("/signetd.api.v1.KeyService/GetKey")(
                    request, timeout=10
                )
            answers.add((caught.value.code(), caught.value.details()))
    assert len(answers) == 1
    assert service.keys.asked == []
