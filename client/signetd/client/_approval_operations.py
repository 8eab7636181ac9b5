"""The calls of ApprovalService, for both clients.

Those that change something are not tried again: whether a call that broke off was carried out,
the approval tells.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approvals
from signetd.api.v1 import seal_service_pb2 as seals
from signetd.client import messages
from signetd.client._operations import Operation
from signetd.client.messages import SignItem

_SERVICE = "/signetd.api.v1.ApprovalService/"


def create_for_sign(item: SignItem, summary: str, lifetime: timedelta | None) -> Operation:
    """CreateApproval, of a signature."""
    return _create(summary, lifetime, sign=messages.sign_request(item))


def create_for_stamp(
    seal: str, document_digest: bytes, property_info: str, summary: str, lifetime: timedelta | None
) -> Operation:
    """CreateApproval, of a stamp."""
    subject = seals.StampRequest(
        seal=messages.seal_name(seal), document_digest=document_digest, property_info=property_info
    )
    return _create(summary, lifetime, stamp=subject)


def create_for_seal(
    seal: str, maker_key: str, seal_id: str, summary: str, lifetime: timedelta | None
) -> Operation:
    """CreateApproval, of the making of a seal."""
    subject = seals.MakeSealRequest(
        name=messages.seal_name(seal), maker_key=messages.key_name(maker_key), seal_id=seal_id
    )
    return _create(summary, lifetime, make_seal=subject)


def create_for_destroy(key: str, summary: str, lifetime: timedelta | None) -> Operation:
    """CreateApproval, of a key's destruction."""
    subject = approvals.DestroyKeySubject(key=messages.key_name(key))
    return _create(summary, lifetime, destroy_key=subject)


def create_for_administrator(
    identity: access.Identity, summary: str, lifetime: timedelta | None
) -> Operation:
    """CreateApproval, of an administrator."""
    subject = approvals.AdministratorSubject(identity=identity)
    return _create(summary, lifetime, administrator=subject)


def _create(summary: str, lifetime: timedelta | None, **subject: Any) -> Operation:
    request = approvals.CreateApprovalRequest(summary=summary, **subject)
    if lifetime is not None:
        duration = Duration()
        duration.FromTimedelta(lifetime)
        request.lifetime.CopyFrom(duration)
    return Operation(_SERVICE + "CreateApproval", request, approvals.Approval, again=False)


def get(name: str) -> Operation:
    """GetApproval."""
    request = approvals.GetApprovalRequest(name=messages.approval_name(name))
    return Operation(_SERVICE + "GetApproval", request, approvals.Approval)


def list_(states: Iterable[str], page_token: str) -> Operation:
    """ListApprovals."""
    request = approvals.ListApprovalsRequest(
        page_size=1000,
        page_token=page_token,
        states=[
            approvals.ApprovalState.ValueType(messages.approval_state_number(state))
            for state in states
        ],
    )
    return Operation(_SERVICE + "ListApprovals", request, approvals.ListApprovalsResponse)


def approve(name: str, digest: bytes, comment: str) -> Operation:
    """ApproveApproval."""
    request = approvals.ApproveApprovalRequest(
        name=messages.approval_name(name), digest=digest, comment=comment
    )
    return Operation(_SERVICE + "ApproveApproval", request, approvals.Approval, again=False)


def reject(name: str, comment: str) -> Operation:
    """RejectApproval."""
    request = approvals.RejectApprovalRequest(name=messages.approval_name(name), comment=comment)
    return Operation(_SERVICE + "RejectApproval", request, approvals.Approval, again=False)


def cancel(name: str) -> Operation:
    """CancelApproval."""
    request = approvals.CancelApprovalRequest(name=messages.approval_name(name))
    return Operation(_SERVICE + "CancelApproval", request, approvals.Approval, again=False)


def watch() -> Operation:
    """WatchApprovals, whose replies come as a stream."""
    request = approvals.WatchApprovalsRequest()
    return Operation(_SERVICE + "WatchApprovals", request, approvals.WatchApprovalsResponse)
