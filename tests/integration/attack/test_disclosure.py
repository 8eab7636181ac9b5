"""What somebody without grants learns: the same of what there is as of what there is not."""

import pytest
from google.protobuf.message import Message

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from tests.integration.attack import samples
from tests.integration.attack.scene import Scene

THERE, MISSING = "guarded", "nowhere"


def _about(name: str) -> dict[str, Message]:
    """Return a request of each kind that names a key."""
    full = f"keys/{name}"
    sign = signing.SignRequest(key=full, message=b"x")
    unsuitable = signing.SignRequest(
        key=full, digest=b"short", algorithm=resources.ALGORITHM_SM2_SM3
    )
    destroy = approval.DestroyKeySubject(key=full)
    return {
        "SigningService/Sign": sign,
        "SigningService/Sign of another kind": unsuitable,
        "SigningService/Sign by an approval": samples.item("x", name, approval="approvals/a1"),
        "SigningService/BatchSign": signing.BatchSignRequest(requests=[sign, unsuitable]),
        "SigningService/SignStream": signing.SignStreamRequest(
            items=[signing.SignStreamItem(reference=1, request=sign)]
        ),
        "SigningService/SignDocument": signing.SignDocumentRequest(
            start=signing.SignDocumentStart(key=full)
        ),
        "SigningService/Verify": signing.VerifyRequest(key=full, message=b"", signature=b"0"),
        "KeyService/GetKey": keys.GetKeyRequest(name=full),
        "KeyService/GetPublicKey": keys.GetPublicKeyRequest(name=full),
        "KeyService/AttestKey": keys.AttestKeyRequest(name=full),
        "KeyService/GetCertificate": keys.GetCertificateRequest(name=full),
        "KeyService/GetCertificate of a version": keys.GetCertificateRequest(
            name=f"{full}/versions/7"
        ),
        "KeyService/CreateCsr": keys.CreateCsrRequest(name=full, subject="CN=x"),
        "KeyService/ImportCertificate": keys.ImportCertificateRequest(
            name=full, certificates=b"none"
        ),
        "KeyService/DisableKey": keys.DisableKeyRequest(name=full),
        "KeyService/EnableKey": keys.EnableKeyRequest(name=full),
        "KeyService/DestroyKey": keys.DestroyKeyRequest(name=full),
        "KeyService/ListKeyVersions": keys.ListKeyVersionsRequest(name=full),
        "KeyService/ReplaceKey": keys.ReplaceKeyRequest(name=full),
        "KeyService/GetPublicKey of a version": keys.GetPublicKeyRequest(name=f"{full}/versions/1"),
        "KeyService/DestroyKey of a version": keys.DestroyKeyRequest(name=f"{full}/versions/1"),
        "KeyService/SetKeyPolicy": keys.SetKeyPolicyRequest(name=full),
        "KeyService/EnrolKey": keys.EnrolKeyRequest(key_id=name, token="tokens/t", label=name),
        "KeyService/GenerateKey": keys.GenerateKeyRequest(key_id=name, token="tokens/t"),
        "AccessService/ExplainAccess": access.ExplainAccessRequest(
            identity="signer", key=full, operation=access.OPERATION_SIGN
        ),
        "ApprovalService/CreateApproval": samples.request("x", name),
        "ApprovalService/CreateApproval of another kind": approval.CreateApprovalRequest(
            sign=unsuitable, summary="x"
        ),
        "ApprovalService/CreateApproval to destroy": approval.CreateApprovalRequest(
            destroy_key=destroy, summary="x"
        ),
    }


_FOR_ADMINISTRATORS = {
    "KeyService/AttestKey",
    "SigningService/Verify",
    "KeyService/GetKey",
    "KeyService/GetPublicKey",
    "KeyService/GetCertificate",
    "KeyService/GetCertificate of a version",
    "KeyService/GetPublicKey of a version",
    "KeyService/ListKeyVersions",
    "AccessService/ExplainAccess",
}
"""Administrators see all keys."""
_PAIRS = [
    *((who, what) for who in ("none", "other") for what in sorted(_about(THERE))),
    *(
        (who, what)
        for who in ("system", "auditor")
        for what in sorted(_about(THERE).keys() - _FOR_ADMINISTRATORS)
    ),
]


@pytest.mark.parametrize(("who", "what"), _PAIRS)
def test_a_key_that_there_is_answers_as_one_that_there_is_not(
    town: Scene, who: str, what: str
) -> None:
    answers = [
        _shown(town, who, what.partition(" ")[0], _about(name)[what], name)
        for name in (THERE, MISSING)
    ]
    assert answers[0] == answers[1]


def test_an_approval_that_there_is_answers_as_one_that_there_is_not(town: Scene) -> None:
    there = samples.approval_of(town, "disclosure")
    gone = approval.Approval(name="approvals/a0000000000000000", digest=there.digest)
    for who in ("none", "other", "system"):
        for method, request in (
            ("GetApproval", approval.GetApprovalRequest),
            ("RejectApproval", approval.RejectApprovalRequest),
            ("CancelApproval", approval.CancelApprovalRequest),
        ):
            answers = [
                _shown(town, who, f"ApprovalService/{method}", request(name=each.name), each.name)
                for each in (there, gone)
            ]
            assert answers[0] == answers[1], (who, method)
        answers = [
            _shown(town, who, "ApprovalService/ApproveApproval", samples.vote(each), each.name)
            for each in (there, gone)
        ]
        assert answers[0] == answers[1], who


def test_another_ones_approval_answers_as_one_that_there_is_not(town: Scene) -> None:
    """To somebody who may sign with the key, but has asked for nothing."""
    town.grant("approver", "guarded")
    there = samples.approved(town, "of another")
    answers = [
        _shown(
            town,
            "approver",
            "SigningService/Sign",
            samples.item("of another", approval=name),
            name,
        )
        for name in (there, "approvals/a0000000000000000")
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == "APPROVAL_INVALID"


def test_lists_show_nothing_that_is_not_ones_own(town: Scene) -> None:
    samples.approval_of(town, "not for everybody")
    for who, wanted in (("none", []), ("other", ["keys/foreign"])):
        page = town.by(who).done("KeyService/ListKeys", keys.ListKeysRequest())
        assert [key.name for key in page.keys] == wanted
        assert page.next_page_token == ""
        page = town.by(who).done("ApprovalService/ListApprovals", approval.ListApprovalsRequest())
        assert not page.approvals
        assert page.next_page_token == ""


def test_pages_of_keys_name_no_key_that_is_hidden(town: Scene) -> None:
    page = town.by("signer").done("KeyService/ListKeys", keys.ListKeysRequest(page_size=1))
    following = keys.ListKeysRequest(page_size=1, page_token=page.next_page_token)
    rest = town.by("signer").done("KeyService/ListKeys", following)
    assert [key.name for key in (*page.keys, *rest.keys)] == ["keys/guarded", "keys/target"]
    assert rest.next_page_token == ""


def test_the_status_of_the_audit_tells_nothing_of_its_records(town: Scene) -> None:
    status = town.by("none").done("AuditService/GetAuditStatus", audit.GetAuditStatusRequest())
    assert town.by("none").call("AuditService/ListRecords", b"").result == "PERMISSION_DENIED"
    assert status.last > 0


def _shown(town: Scene, who: str, method: str, request: Message, name: str) -> tuple[str, str, str]:
    answer = town.by(who).call(method, request)
    text = answer.message
    if (
        method in ("SigningService/BatchSign", "SigningService/SignStream")
        and answer.reply is not None
    ):
        text = " ".join(f"{each.error.code} {each.error.message}" for each in answer.reply.results)
    return answer.result, answer.code, text.replace(name, "NAME")
