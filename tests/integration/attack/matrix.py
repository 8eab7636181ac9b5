"""Who may call what, with requests that would do something: written down beside the daemon's rules.

A row says of its method what each caller gets. Whoever is not named there gets PERMISSION_DENIED.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from google.protobuf.message import Message

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import seal_service_pb2 as seals
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.api.v1 import token_service_pb2 as tokens
from signetd.api.v1 import verification_service_pb2 as verification
from tests.integration.attack import samples, sealing
from tests.integration.attack.scene import FOUNDER, Scene

DENIED, MISSING = "PERMISSION_DENIED", "APPROVAL_NOT_FOUND"
SIGNERS = ("none", "other", "signer")
KNOWN = ("system", "security", "auditor", *SIGNERS)
EVERYBODY = ("unknown", "disabled", *KNOWN)
READ = dict.fromkeys(("system", "security", "auditor", "signer"), "OK")
ALL = dict.fromkeys(KNOWN, "OK")
ADMINISTRATORS = dict.fromkeys(("system", "security", "auditor"), "OK")
SECURITY, AUDITOR = {"security": "OK"}, {"auditor": "OK"}
OVERSEERS = SECURITY | AUDITOR
VOTE = {"security": DENIED, "auditor": DENIED, "signer": DENIED} | dict.fromkeys(
    ("system", "none", "other"), MISSING
)
"""Nobody here may vote; those who may not see the approval are not told that there is one."""
SEEN = {"security": "OK", "auditor": "OK", "signer": "OK"}


@dataclass(frozen=True)
class Row:
    """What to ask for, with what has to be there for it, and how that ends by caller."""

    request: Callable[[Scene], Message]
    expected: dict[str, str] = field(default_factory=dict)


def _new() -> str:
    return f"m{secrets.token_hex(6)}"


def _disabled_key(scene: Scene) -> str:
    name = _new()
    scene.key(name)
    scene.disable(name)
    return f"keys/{name}"


def _person(scene: Scene) -> str:
    name = _new()
    scene.admit(name, access.ROLE_SIGNER)
    return name


def _group(scene: Scene) -> str:
    name = _new()
    scene.group(name, "none")
    return f"groups/{name}"


def _enrolment(scene: Scene) -> Message:
    # What it names is not on the token: nobody but an administrator is to learn that.
    return keys.EnrolKeyRequest(key_id=_new(), token="tokens/t", label="not there")


def _generation(scene: Scene) -> Message:
    return keys.GenerateKeyRequest(
        key_id=_new(), token="tokens/t", key_type=resources.KEY_TYPE_EC_P256
    )


def _importing(name: str) -> Message:
    return verification.ImportTrustListRequest(
        trust_list=name, content=samples.roots(), comment="of an attack"
    )


def _trust_list(scene: Scene) -> str:
    return str(
        scene.by(FOUNDER).done("VerificationService/ImportTrustList", _importing(_new())).name
    )


def _watching(scene: Scene) -> Message:
    samples.approval_of(scene, "matrix")  # so that there is one to be seen
    return approval.WatchApprovalsRequest()


def _pruning(scene: Scene) -> Message:
    return audit.PruneRecordsRequest(first=scene.last() + 1_000_000)


def _import(scene: Scene) -> Message:
    made = scene.key(_new())
    return keys.ImportCertificateRequest(
        name=made.name, certificates=samples.certificate(scene, made.name)
    )


def _certified(scene: Scene) -> Message:
    request = keys.ImportCertificateRequest(
        name=_KEY, certificates=samples.certificate(scene, _KEY)
    )
    scene.by(FOUNDER).done("KeyService/ImportCertificate", request)
    return keys.GetCertificateRequest(name=_KEY)


_KEY = "keys/target"
_ITEM = signing.SignRequest(key=_KEY, message=b"not mine")

ROWS: dict[str, Row] = {
    "SigningService/Sign": Row(lambda scene: _ITEM, {"signer": "OK"}),
    "SigningService/BatchSign": Row(
        lambda scene: signing.BatchSignRequest(requests=[_ITEM, _ITEM]),
        # The call is for every signer; each item then says no.
        {"signer": "OK", "none": "OK", "other": "OK"},
    ),
    "SigningService/SignStream": Row(
        lambda scene: signing.SignStreamRequest(
            items=[signing.SignStreamItem(reference=n, request=_ITEM) for n in range(2)]
        ),
        {"signer": "OK", "none": "OK", "other": "OK"},
    ),
    "SigningService/SignDocument": Row(
        # It is said before anything is read who may; what does not come after it is not signed.
        lambda scene: signing.SignDocumentRequest(start=signing.SignDocumentStart(key=_KEY)),
        {"signer": "INPUT_MISSING"},
    ),
    "SigningService/Verify": Row(
        lambda scene: signing.VerifyRequest(key=_KEY, message=b"", signature=b"0"), READ
    ),
    "KeyService/ListKeys": Row(lambda scene: keys.ListKeysRequest(), ALL),
    "KeyService/GetKey": Row(lambda scene: keys.GetKeyRequest(name=_KEY), READ),
    "KeyService/GetPublicKey": Row(lambda scene: keys.GetPublicKeyRequest(name=_KEY), READ),
    "KeyService/GenerateKey": Row(_generation, SECURITY),
    "KeyService/EnrolKey": Row(_enrolment, {"security": "KEY_NOT_ON_TOKEN"}),
    "KeyService/DisableKey": Row(
        lambda scene: keys.DisableKeyRequest(name=f"keys/{_made(scene)}"), SECURITY
    ),
    "KeyService/EnableKey": Row(
        lambda scene: keys.EnableKeyRequest(name=_disabled_key(scene)), SECURITY
    ),
    "KeyService/DestroyKey": Row(
        lambda scene: keys.DestroyKeyRequest(name=_disabled_key(scene)), SECURITY
    ),
    "KeyService/ListKeyVersions": Row(lambda scene: keys.ListKeyVersionsRequest(name=_KEY), READ),
    "KeyService/ReplaceKey": Row(
        lambda scene: keys.ReplaceKeyRequest(name=f"keys/{_made(scene)}"), SECURITY
    ),
    "KeyService/SetKeyPolicy": Row(
        lambda scene: keys.SetKeyPolicyRequest(
            name=_disabled_key(scene),
            policy=resources.KeyPolicy(algorithms=[resources.ALGORITHM_ECDSA_P256_SHA256]),
        ),
        SECURITY,
    ),
    "KeyService/CreateCsr": Row(
        lambda scene: keys.CreateCsrRequest(name=_KEY, subject="CN=not mine"), SECURITY
    ),
    "KeyService/ImportCertificate": Row(_import, SECURITY),
    "KeyService/GetCertificate": Row(_certified, READ),
    "KeyService/AttestKey": Row(lambda scene: keys.AttestKeyRequest(name=_KEY), OVERSEERS),
    "TokenService/ListTokens": Row(lambda scene: tokens.ListTokensRequest(), ALL),
    "TokenService/GetToken": Row(lambda scene: tokens.GetTokenRequest(name="tokens/t"), ALL),
    "TokenService/WatchTokens": Row(lambda scene: tokens.WatchTokensRequest(), ALL),
    # A token that there is not: who may unlock it is to be seen, not to be done.
    "TokenService/UnlockToken": Row(
        lambda scene: tokens.UnlockTokenRequest(name="tokens/none", pin="1"),
        {"system": "TOKEN_NOT_FOUND"},
    ),
    "TokenService/LockToken": Row(
        lambda scene: tokens.LockTokenRequest(name="tokens/none"), {"system": "TOKEN_NOT_FOUND"}
    ),
    "AccessService/ListIdentities": Row(lambda scene: access.ListIdentitiesRequest(), OVERSEERS),
    "AccessService/GetIdentity": Row(
        lambda scene: access.GetIdentityRequest(name="signer"), OVERSEERS
    ),
    "AccessService/CreateIdentity": Row(
        lambda scene: access.CreateIdentityRequest(identity=samples.identity(_new())), SECURITY
    ),
    "AccessService/UpdateIdentity": Row(
        lambda scene: access.UpdateIdentityRequest(
            identity=access.Identity(name=_person(scene), roles=[access.ROLE_SIGNER], disabled=True)
        ),
        SECURITY,
    ),
    "AccessService/DeleteIdentity": Row(
        lambda scene: access.DeleteIdentityRequest(name=_person(scene)), SECURITY
    ),
    "AccessService/ListGroups": Row(lambda scene: access.ListGroupsRequest(), OVERSEERS),
    "AccessService/SetGroup": Row(
        lambda scene: access.SetGroupRequest(
            group=access.Group(name=f"groups/{_new()}", members=EVERYBODY[2:])
        ),
        SECURITY,
    ),
    "AccessService/DeleteGroup": Row(
        lambda scene: access.DeleteGroupRequest(name=_group(scene)), SECURITY
    ),
    "AccessService/ListGrants": Row(lambda scene: access.ListGrantsRequest(), OVERSEERS),
    "AccessService/CreateGrant": Row(
        lambda scene: access.CreateGrantRequest(grant=samples.grant(_person(scene))), SECURITY
    ),
    "AccessService/DeleteGrant": Row(
        lambda scene: access.DeleteGrantRequest(name=scene.grant(_person(scene), "nothing")),
        SECURITY,
    ),
    "AccessService/ExplainAccess": Row(
        lambda scene: access.ExplainAccessRequest(
            identity="signer", key=_KEY, operation=access.OPERATION_SIGN
        ),
        OVERSEERS,
    ),
    "ApprovalService/CreateApproval": Row(lambda scene: samples.request("mine"), {"signer": "OK"}),
    "ApprovalService/GetApproval": Row(
        lambda scene: approval.GetApprovalRequest(name=samples.approval_of(scene, "matrix").name),
        VOTE | SEEN,
    ),
    "ApprovalService/ListApprovals": Row(lambda scene: approval.ListApprovalsRequest(), ALL),
    "ApprovalService/ApproveApproval": Row(
        lambda scene: samples.vote(samples.approval_of(scene, "matrix")), VOTE
    ),
    "ApprovalService/RejectApproval": Row(
        lambda scene: approval.RejectApprovalRequest(
            name=samples.approval_of(scene, "matrix").name
        ),
        VOTE,
    ),
    "ApprovalService/CancelApproval": Row(
        lambda scene: approval.CancelApprovalRequest(
            name=samples.approval_of(scene, "matrix").name
        ),
        VOTE | {"signer": "OK"},
    ),
    "ApprovalService/WatchApprovals": Row(
        _watching,
        # Those who see none wait for one.
        dict.fromkeys(KNOWN, "OK") | dict.fromkeys(("system", "none", "other"), "SILENT"),
    ),
    "AuditService/ListRecords": Row(lambda scene: audit.ListRecordsRequest(page_size=1), AUDITOR),
    "AuditService/FollowRecords": Row(lambda scene: audit.FollowRecordsRequest(first=1), AUDITOR),
    "AuditService/ExportRecords": Row(lambda scene: audit.ExportRecordsRequest(), AUDITOR),
    "AuditService/GetAuditStatus": Row(lambda scene: audit.GetAuditStatusRequest(), ALL),
    "AuditService/CreateCheckpoint": Row(lambda scene: audit.CreateCheckpointRequest(), AUDITOR),
    "AuditService/PruneRecords": Row(_pruning, {"auditor": "AUDIT_RANGE_WRONG"}),
    # What is no seal is told in a report.
    "VerificationService/VerifySeal": Row(
        lambda scene: verification.VerifySealRequest(seal=b"none"), ALL
    ),
    "VerificationService/VerifyStamp": Row(
        lambda scene: verification.VerifyStampRequest(stamp=b"none"), ALL
    ),
    "VerificationService/ImportTrustList": Row(lambda scene: _importing(_new()), SECURITY),
    "VerificationService/RetireTrustList": Row(
        lambda scene: verification.RetireTrustListRequest(name=_trust_list(scene)), SECURITY
    ),
    "VerificationService/ListTrustLists": Row(
        lambda scene: verification.ListTrustListsRequest(), ALL
    ),
    "VerificationService/GetTrustList": Row(
        lambda scene: verification.GetTrustListRequest(name=_trust_list(scene)), ALL
    ),
    # Signers have no grant for the key of these seals, and have not applied for them.
    "SealService/ApplyForSeal": Row(lambda scene: sealing.application(), SECURITY),
    "SealService/ReviewSeal": Row(
        lambda scene: seals.ReviewSealRequest(name=sealing.seal(scene, "applied"), accepted=True),
        SECURITY,
    ),
    "SealService/MakeSeal": Row(
        lambda scene: sealing.making(sealing.seal(scene, "accepted")), SECURITY
    ),
    "SealService/FileSeal": Row(
        lambda scene: seals.FileSealRequest(name=sealing.seal(scene, "made"), filing_number="1"),
        SECURITY,
    ),
    "SealService/SuspendSeal": Row(
        lambda scene: seals.SuspendSealRequest(name=sealing.seal(scene, "in use"), reason="x"),
        SECURITY,
    ),
    "SealService/ResumeSeal": Row(
        lambda scene: seals.ResumeSealRequest(name=sealing.seal(scene, "suspended"), reason="x"),
        SECURITY,
    ),
    "SealService/ChangeSeal": Row(
        lambda scene: seals.ChangeSealRequest(
            name=sealing.seal(scene, "in use"), application=sealing.application(), reason="x"
        ),
        SECURITY,
    ),
    "SealService/CancelSeal": Row(
        lambda scene: seals.CancelSealRequest(name=sealing.seal(scene, "applied"), reason="x"),
        SECURITY,
    ),
    # It is no seal: who may import one is to be seen, not to be done.
    "SealService/ImportSeal": Row(
        lambda scene: seals.ImportSealRequest(
            seal=_new(),
            der=b"no seal",
            kind=seals.SEAL_KIND_BUSINESS,
            owner=sealing.application().owner,
        ),
        {"security": "SEAL_INVALID"},
    ),
    "SealService/ReportKeyCompromise": Row(
        lambda scene: seals.ReportKeyCompromiseRequest(key=f"keys/{_made(scene)}", reason="x"),
        SECURITY,
    ),
    "SealService/ListSeals": Row(lambda scene: seals.ListSealsRequest(), ALL),
    "SealService/GetSeal": Row(
        lambda scene: seals.GetSealRequest(name=sealing.seal(scene, "applied")), ADMINISTRATORS
    ),
    "SealService/ListSealEvents": Row(
        lambda scene: seals.ListSealEventsRequest(name=sealing.seal(scene, "applied")),
        ADMINISTRATORS,
    ),
    "SealService/GetSealStatus": Row(
        lambda scene: seals.GetSealStatusRequest(name=sealing.seal(scene, "made")), ADMINISTRATORS
    ),
    "SealService/Stamp": Row(lambda scene: sealing.stamp(sealing.seal(scene, "in use"))),
    "SealService/BatchStamp": Row(
        lambda scene: seals.BatchStampRequest(
            requests=[sealing.stamp(sealing.seal(scene, "in use"))] * 2
        ),
        # The call is for every signer; each item then says no.
        {"signer": "OK", "none": "OK", "other": "OK"},
    ),
}
"""One row for each method of the API."""


def _made(scene: Scene) -> str:
    name = _new()
    scene.key(name)
    return name
