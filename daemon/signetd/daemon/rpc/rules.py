"""Which role may call which method, and how its calls are recorded. A method without a rule stops
the daemon from starting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from google.protobuf.descriptor import ServiceDescriptor

from signetd.api.v1 import (
    access_service_pb2,
    approval_service_pb2,
    audit_service_pb2,
    key_service_pb2,
    seal_service_pb2,
    signing_service_pb2,
    token_service_pb2,
    verification_service_pb2,
)
from signetd.daemon.policy.types import Role

SERVICES: Final[tuple[ServiceDescriptor, ...]] = (
    signing_service_pb2.DESCRIPTOR.services_by_name["SigningService"],
    key_service_pb2.DESCRIPTOR.services_by_name["KeyService"],
    token_service_pb2.DESCRIPTOR.services_by_name["TokenService"],
    access_service_pb2.DESCRIPTOR.services_by_name["AccessService"],
    approval_service_pb2.DESCRIPTOR.services_by_name["ApprovalService"],
    audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
    seal_service_pb2.DESCRIPTOR.services_by_name["SealService"],
    verification_service_pb2.DESCRIPTOR.services_by_name["VerificationService"],
)
"""Every service of the API."""


class Record(StrEnum):
    """What goes into the audit of a call that is allowed. What is refused always does."""

    READ = "read"  # nothing, unless audit.reads is set
    USE = "use"  # each use of a key by itself, written by who signs
    CHANGE = "change"  # that it began, by who acts, and how it ended


@dataclass(frozen=True)
class Rule:
    """The roles of which a caller needs one, and how the call is recorded."""

    roles: frozenset[Role]
    record: Record


def _rules(record: Record, roles: Iterable[Role], service: str, *methods: str) -> dict[str, Rule]:
    rule = Rule(frozenset(roles), record)
    return {f"/signetd.api.v1.{service}/{method}": rule for method in methods}


_SIGNERS: Final = (Role.SIGNER,)
_SECURITY: Final = (Role.SECURITY_ADMIN,)
_SYSTEM: Final = (Role.SYSTEM_ADMIN,)
_AUDITORS: Final = (Role.AUDITOR,)
_APPLICANTS: Final = (Role.SIGNER, Role.SECURITY_ADMIN)
_OVERSEERS: Final = (Role.SECURITY_ADMIN, Role.AUDITOR)
_READ, _USE, _CHANGE = Record.READ, Record.USE, Record.CHANGE

RULES: Final[dict[str, Rule]] = {
    **_rules(_USE, _SIGNERS, "SigningService", "Sign", "BatchSign", "SignStream", "SignDocument"),
    # It needs the public key only. A signer needs a grant for it.
    **_rules(_READ, Role, "SigningService", "Verify"),
    # Signers see the keys that they have a grant for.
    **_rules(_READ, Role, "KeyService", "ListKeys", "GetKey", "GetPublicKey"),
    **_rules(_READ, Role, "KeyService", "ListKeyVersions"),
    **_rules(_READ, Role, "KeyService", "GetCertificate"),
    **_rules(_CHANGE, _SECURITY, "KeyService", "ReplaceKey"),
    **_rules(_CHANGE, _SECURITY, "KeyService", "GenerateKey", "EnrolKey", "DisableKey"),
    **_rules(_CHANGE, _SECURITY, "KeyService", "EnableKey", "DestroyKey", "SetKeyPolicy"),
    **_rules(_CHANGE, _SECURITY, "KeyService", "CreateCsr", "ImportCertificate"),
    **_rules(_CHANGE, _OVERSEERS, "KeyService", "AttestKey"),
    **_rules(_READ, Role, "TokenService", "ListTokens", "GetToken", "WatchTokens"),
    **_rules(_CHANGE, _SYSTEM, "TokenService", "UnlockToken", "LockToken"),
    **_rules(_READ, _OVERSEERS, "AccessService", "ListIdentities", "GetIdentity", "ListGroups"),
    **_rules(_READ, _OVERSEERS, "AccessService", "ListGrants", "ExplainAccess"),
    **_rules(_CHANGE, _SECURITY, "AccessService", "CreateIdentity", "UpdateIdentity"),
    **_rules(_CHANGE, _SECURITY, "AccessService", "DeleteIdentity", "SetGroup", "DeleteGroup"),
    **_rules(_CHANGE, _SECURITY, "AccessService", "CreateGrant", "DeleteGrant"),
    # Who may approve what is a question of the approval's groups, who may see it too.
    **_rules(_READ, Role, "ApprovalService", "GetApproval", "ListApprovals", "WatchApprovals"),
    **_rules(_CHANGE, Role, "ApprovalService", "CreateApproval", "ApproveApproval"),
    **_rules(_CHANGE, Role, "ApprovalService", "RejectApproval", "CancelApproval"),
    **_rules(_READ, _AUDITORS, "AuditService", "ListRecords", "FollowRecords", "ExportRecords"),
    **_rules(_READ, Role, "AuditService", "GetAuditStatus"),
    **_rules(_CHANGE, _AUDITORS, "AuditService", "CreateCheckpoint", "PruneRecords"),
    # Signers see the seals that they have applied for, and those whose key they may read.
    **_rules(_READ, Role, "SealService", "ListSeals", "GetSeal", "ListSealEvents"),
    **_rules(_READ, Role, "SealService", "GetSealStatus"),
    # Who has applied may withdraw it until the seal is made.
    **_rules(_CHANGE, _APPLICANTS, "SealService", "ApplyForSeal", "ChangeSeal", "CancelSeal"),
    **_rules(_CHANGE, _SECURITY, "SealService", "ReviewSeal", "MakeSeal", "FileSeal"),
    **_rules(_CHANGE, _SECURITY, "SealService", "SuspendSeal", "ResumeSeal", "ImportSeal"),
    **_rules(_CHANGE, _SECURITY, "SealService", "ReportKeyCompromise"),
    **_rules(_READ, Role, "VerificationService", "VerifySeal", "VerifyStamp"),
    **_rules(_READ, Role, "VerificationService", "ListTrustLists", "GetTrustList"),
    **_rules(_CHANGE, _SECURITY, "VerificationService", "ImportTrustList", "RetireTrustList"),
    **_rules(_USE, _SIGNERS, "SealService", "Stamp", "BatchStamp"),
}
"""The rule of each method, by its full name."""


def path(service: ServiceDescriptor, method: str) -> str:
    """Return the full name of a method, as it is called."""
    return f"/{service.full_name}/{method}"


def check_complete(services: Iterable[ServiceDescriptor], rules: Mapping[str, Rule]) -> None:
    """Raise ValueError naming the methods that have no rule, and the rules of no method."""
    methods = {path(service, method.name) for service in services for method in service.methods}
    without = {name for name in methods if name not in rules or not rules[name].roles}
    wrong = sorted(without | (rules.keys() - methods))
    if wrong:
        raise ValueError(f"rules and methods of the API do not match: {', '.join(wrong)}")
