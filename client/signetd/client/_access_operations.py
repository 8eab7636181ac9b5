"""The calls of AccessService, for both clients."""

from collections.abc import Iterable
from datetime import datetime

from google.protobuf.empty_pb2 import Empty

from signetd.api.v1 import access_service_pb2 as access
from signetd.client import grants, messages
from signetd.client._operations import Operation
from signetd.client.grants import GrantItem
from signetd.client.identities import IdentityItem, identity_message
from signetd.client.key_policies import group_name

_SERVICE = "/signetd.api.v1.AccessService/"


def list_identities(page_token: str) -> Operation:
    """AccessService.ListIdentities."""
    request = access.ListIdentitiesRequest(page_size=1000, page_token=page_token)
    return Operation(_SERVICE + "ListIdentities", request, access.ListIdentitiesResponse)


def get_identity(name: str) -> Operation:
    """AccessService.GetIdentity."""
    request = access.GetIdentityRequest(name=name)
    return Operation(_SERVICE + "GetIdentity", request, access.Identity)


def create_identity(item: IdentityItem, approval: str) -> Operation:
    """AccessService.CreateIdentity."""
    request = access.CreateIdentityRequest(
        identity=identity_message(item), approval=_approval_name(approval)
    )
    return Operation(_SERVICE + "CreateIdentity", request, access.Identity, again=False)


def update_identity(item: IdentityItem, approval: str) -> Operation:
    """AccessService.UpdateIdentity."""
    request = access.UpdateIdentityRequest(
        identity=identity_message(item), approval=_approval_name(approval)
    )
    return Operation(_SERVICE + "UpdateIdentity", request, access.Identity, again=False)


def delete_identity(name: str) -> Operation:
    """AccessService.DeleteIdentity."""
    request = access.DeleteIdentityRequest(name=name)
    return Operation(_SERVICE + "DeleteIdentity", request, Empty, again=False)


def list_groups(page_token: str) -> Operation:
    """AccessService.ListGroups."""
    request = access.ListGroupsRequest(page_size=1000, page_token=page_token)
    return Operation(_SERVICE + "ListGroups", request, access.ListGroupsResponse)


def set_group(name: str, members: Iterable[str]) -> Operation:
    """AccessService.SetGroup."""
    group = access.Group(name=group_name(name), members=members)
    return Operation(_SERVICE + "SetGroup", access.SetGroupRequest(group=group), access.Group)


def delete_group(name: str) -> Operation:
    """AccessService.DeleteGroup."""
    request = access.DeleteGroupRequest(name=group_name(name))
    return Operation(_SERVICE + "DeleteGroup", request, Empty, again=False)


def list_grants(subject: str, page_token: str) -> Operation:
    """AccessService.ListGrants."""
    request = access.ListGrantsRequest(page_size=1000, page_token=page_token, subject=subject)
    return Operation(_SERVICE + "ListGrants", request, access.ListGrantsResponse)


def create_grant(item: GrantItem) -> Operation:
    """AccessService.CreateGrant."""
    request = access.CreateGrantRequest(grant=grants.grant_message(item))
    return Operation(_SERVICE + "CreateGrant", request, access.Grant, again=False)


def delete_grant(name: str) -> Operation:
    """AccessService.DeleteGrant."""
    request = access.DeleteGrantRequest(name=grants.grant_name(name))
    return Operation(_SERVICE + "DeleteGrant", request, Empty, again=False)


def explain_access(
    identity: str,
    key: str,
    operation: str,
    *,
    algorithm: str | None,
    message: bool,
    time: datetime | None,
) -> Operation:
    """AccessService.ExplainAccess."""
    request = access.ExplainAccessRequest(
        identity=identity,
        key=messages.key_name(key),
        operation=grants.operation_number(operation),
        algorithm=grants.algorithm_value(algorithm),
        message=message,
        time=grants.timestamp(time),
    )
    return Operation(_SERVICE + "ExplainAccess", request, access.ExplainAccessResponse)


def _approval_name(name: str) -> str:
    return name if not name or name.startswith("approvals/") else f"approvals/{name}"
