"""ApprovalService: what is read, what is answered, for whom."""

from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as messages
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.daemon.approvals import subjects
from signetd.daemon.policy.types import ApprovalRule, Credential, Role
from signetd.drivers.errors import Reason
from signetd.gm.sm3 import sm3
from tests.unit.daemon.approvals.called import SIGN, Service, refusal
from tests.unit.daemon.approvals.test_subjects import SM2_KEY

E_OF_MESSAGE = bytes.fromhex("f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640")
PENDING = messages.APPROVAL_STATE_PENDING


async def test_a_signature_is_asked_for_by_its_message(service: Service) -> None:
    made = await service.create(sign=SIGN)
    assert (made.operation, made.resource, made.digest) == ("sign", "keys/seal", E_OF_MESSAGE)
    assert (made.algorithm, made.state) == (resources.ALGORITHM_SM2_SM3, PENDING)
    assert (made.requester, made.summary, len(made.votes)) == ("app", "采购合同", 0)
    assert list(made.rules) == [resources.ApprovalRule(count=2)]
    assert made.expire_time.seconds - made.create_time.seconds == 24 * 3600
    assert service.call.facts == {"key": "seal", "approval": made.name.removeprefix("approvals/")}
    assert service.call.recorded
    assert service.office.needs.asked[-1][2] is True


async def test_a_signature_is_asked_for_by_its_digest(service: Service) -> None:
    request = signing.SignRequest(key="keys/seal", digest=E_OF_MESSAGE)
    service.office.needs.rules = (ApprovalRule(count=1, group="legal"),)
    made = await service.create(sign=request, lifetime={"seconds": 60})
    assert made.digest == E_OF_MESSAGE
    assert service.office.needs.asked[-1][2] is False
    assert made.rules[0].group == "groups/legal"
    assert made.expire_time.seconds - made.create_time.seconds == 60


async def test_a_signature_of_a_version_that_does_not_sign_is_not_asked_for(
    service: Service,
) -> None:
    request = signing.SignRequest(key="keys/seal/versions/7", digest=E_OF_MESSAGE)
    error = await refusal(service.create(sign=request))
    assert error.reason is Reason.KEY_STATE_WRONG
    assert (await service.create(sign=SIGN)).resource == "keys/seal"


async def test_a_stamp_is_asked_for_by_its_document(service: Service) -> None:
    stamp = {"seal": "seals/company", "document_digest": b"\x03" * 32, "property_info": "/x"}
    made = await service.create(stamp=stamp)
    assert (made.operation, made.resource) == ("stamp", "seals/company")
    assert (made.digest, made.algorithm) == (b"\x03" * 32, 0)
    assert service.call.facts["key"] == SM2_KEY.id
    ((who, asked),) = service.stamps.asked
    assert (who, asked.seal, asked.property_info) == ("app", "company", "/x")
    error = await refusal(service.create(stamp={**stamp, "approval": "approvals/a1"}))
    assert (error.reason, "stamp.approval" in error.message) == (Reason.INPUT_INVALID, True)


async def test_a_destruction_is_asked_for(service: Service) -> None:
    made = await service.create("admin-1", destroy_key={"key": "keys/seal"})
    assert (made.operation, made.digest) == ("destroy-key", subjects.destruction(SM2_KEY).digest)
    assert made.algorithm == resources.ALGORITHM_UNSPECIFIED


async def test_the_making_of_a_seal_is_asked_for(service: Service) -> None:
    making = {"name": "seals/company", "maker_key": "keys/seal", "seal_id": "3301"}
    made = await service.create("admin-1", make_seal=making)
    assert (made.operation, made.resource) == ("make-seal", "seals/company")
    assert made.digest == sm3(b"3301")
    ((who, asked),) = service.seals.asked
    assert (who, asked.seal, asked.maker_key) == ("admin-1", "company", "seal")
    assert service.call.facts["key"] == "seal"


@pytest.mark.parametrize(
    "fields",
    [
        {"sign": {"key": "keys/seal", "digest": bytes(31)}},
        {"sign": {"key": "keys/none", "digest": bytes(32)}},
        {"destroy_key": {"key": "keys/seal"}},
        {"destroy_key": {"key": "keys/none"}},
    ],
)
async def test_whoever_may_not_use_a_key_learns_nothing_of_it(
    service: Service, fields: dict[str, Any]
) -> None:
    service.keys.strangers = {"stranger"}
    error = await refusal(service.create("stranger", **fields))
    assert error.reason is Reason.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("credential", "expected"),
    [(access.CREDENTIAL_URI, Credential.URI), (0, Credential.COMMON_NAME)],
)
async def test_an_administrator_is_asked_for(
    service: Service, credential: Any, expected: Credential
) -> None:
    identity = access.Identity(
        name="王芳",
        roles=[access.ROLE_SIGNER, access.ROLE_AUDITOR],
        credential=credential,
        certificate_sha256="ab" * 32,
    )
    made = await service.create("admin-1", administrator={"identity": identity})
    roles = [Role.AUDITOR, Role.SIGNER]
    wanted = subjects.administrator("王芳", roles, expected, "ab" * 32)
    assert (made.operation, made.resource) == ("add-administrator", "王芳")
    assert made.digest == wanted.digest


def administrator(**changes: Any) -> dict[str, Any]:
    return {"administrator": {"identity": {"name": "w", "roles": [3], **changes}}}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, Reason.INPUT_MISSING),
        ({"sign": {"key": "keys/none", "digest": bytes(32)}}, Reason.KEY_NOT_FOUND),
        ({"sign": {"key": "keys/seal", "digest": bytes(31)}}, Reason.DIGEST_LENGTH_WRONG),
        ({"sign": {"key": "keys/seal"}}, Reason.INPUT_MISSING),
        ({"sign": {**{"key": "keys/seal"}, "approval": "approvals/a"}}, Reason.INPUT_INVALID),
        ({"destroy_key": {}}, Reason.INPUT_MISSING),
        (administrator(name=""), Reason.INPUT_INVALID),
        (administrator(name="w" * 256), Reason.INPUT_INVALID),
        (administrator(roles=[]), Reason.INPUT_INVALID),
        (administrator(roles=[4]), Reason.INPUT_INVALID),
        (administrator(roles=[0, 3]), Reason.INPUT_INVALID),
        (administrator(roles=[99]), Reason.INPUT_INVALID),
        (administrator(credential=99), Reason.INPUT_INVALID),
        (administrator(certificate_sha256="AB" * 32), Reason.INPUT_INVALID),
        ({"make_seal": {}}, Reason.INPUT_MISSING),
        (
            {
                "make_seal": {
                    "name": "seals/a",
                    "maker_key": "keys/seal",
                    "approval": "approvals/a1",
                }
            },
            Reason.INPUT_INVALID,
        ),
        ({"sign": SIGN, "summary": ""}, Reason.INPUT_MISSING),
        ({"sign": SIGN, "lifetime": {"seconds": 59}}, Reason.INPUT_INVALID),
        ({"sign": SIGN, "lifetime": {"seconds": 315576000000}}, Reason.INPUT_INVALID),
        ({"sign": SIGN, "lifetime": {"seconds": 2**62}}, Reason.INPUT_INVALID),
    ],
)
async def test_requests_that_cannot_be_approved(
    service: Service, fields: dict[str, Any], reason: Reason
) -> None:
    assert (await refusal(service.create(**fields))).reason is reason
    assert not service.call.recorded


async def test_votes_are_shown(service: Service) -> None:
    made = await service.create(sign=SIGN)
    assert (await refusal(service.vote("admin-1", made, bytes(32)))).reason is (
        Reason.APPROVAL_INVALID
    )
    await service.vote("admin-1", made)
    after = await service.vote("admin-2", made)
    assert after.state == messages.APPROVAL_STATE_APPROVED
    assert [(vote.identity, vote.approved, vote.comment) for vote in after.votes] == [
        ("admin-1", True, "好"),
        ("admin-2", True, "好"),
    ]
    assert service.call.facts["approval"] == made.name.removeprefix("approvals/")
    assert all(vote.HasField("time") for vote in after.votes)


async def test_rejecting_taking_back_getting_and_listing(service: Service) -> None:
    first, second = await service.create(sign=SIGN), await service.create(sign=SIGN)
    service.office.call("admin-1", "RejectApproval")
    request = messages.RejectApprovalRequest(name=first.name, comment="不")
    assert (await service.api.reject_approval(request)).state == messages.APPROVAL_STATE_REJECTED
    service.office.call("app", "CancelApproval")
    cancelled = await service.api.cancel_approval(messages.CancelApprovalRequest(name=second.name))
    assert cancelled.state == messages.APPROVAL_STATE_CANCELLED
    found = await service.api.get_approval(messages.GetApprovalRequest(name=second.name))
    assert found == cancelled
    listed = await service.api.list_approvals(
        messages.ListApprovalsRequest(page_size=1, states=[messages.APPROVAL_STATE_REJECTED])
    )
    assert [one.name for one in listed.approvals] == [first.name]
    first_page = messages.ListApprovalsRequest(page_size=1)
    page = await service.api.list_approvals(first_page)
    second_page = messages.ListApprovalsRequest(page_size=1, page_token=page.next_page_token)
    following = await service.api.list_approvals(second_page)
    names = [one.name for one in (*page.approvals, *following.approvals)]
    assert names == [second.name, first.name]


@pytest.mark.parametrize("states", [[0], [99]])
async def test_states_that_are_none(service: Service, states: list[Any]) -> None:
    service.office.call("app", "ListApprovals")
    error = await refusal(service.api.list_approvals(messages.ListApprovalsRequest(states=states)))
    assert error.reason in {Reason.INPUT_MISSING, Reason.INPUT_INVALID}


async def test_a_stranger_finds_nothing(service: Service) -> None:
    made = await service.create(sign=SIGN)
    service.office.call("stranger", "GetApproval")
    for work in (
        service.api.get_approval(messages.GetApprovalRequest(name=made.name)),
        service.vote("stranger", made),
        service.api.cancel_approval(messages.CancelApprovalRequest(name=made.name)),
        service.api.get_approval(messages.GetApprovalRequest(name="approvals/none")),
    ):
        assert (await refusal(work)).reason is Reason.APPROVAL_NOT_FOUND
