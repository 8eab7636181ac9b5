"""Requests as large, deep and strange as can be: a clear refusal, and the daemon goes on."""

import json
from typing import Any, Final

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import key_service_pb2 as keys
from signetd.api.v1 import resources_pb2 as resources
from signetd.api.v1 import signing_service_pb2 as signing
from signetd.api.v1 import token_service_pb2 as tokens
from tests.integration.attack import samples
from tests.integration.attack.calls import METHODS
from tests.integration.attack.scene import FOUNDER, Scene

HUGE = "x" * (1 << 20)
MANY = [f"member-{number}" for number in range(10_001)]
CREATE_GRANT, SET_GROUP = "AccessService/CreateGrant", "AccessService/SetGroup"
MOST_RECORD_BYTES: Final = 4096
"""More than the largest record that anybody can have written; see the last test."""


def conditions(**fields: Any) -> access.CreateGrantRequest:
    granted = samples.grant("signer", conditions=access.Conditions(**fields))
    return access.CreateGrantRequest(grant=granted)


def granted(**fields: Any) -> access.CreateGrantRequest:
    return access.CreateGrantRequest(grant=samples.grant(**{"subject": "signer", **fields}))


def schedule(zone: str, start: int = 0, end: int = 3600, **fields: Any) -> Message:
    return conditions(
        schedule=access.Schedule(
            start=Duration(seconds=start), end=Duration(seconds=end), time_zone=zone, **fields
        )
    )


def group(*members: str, name: str = "groups/abuse") -> Message:
    return access.SetGroupRequest(group=access.Group(name=name, members=members))


def policy(**fields: Any) -> Message:
    return keys.SetKeyPolicyRequest(name="keys/target", policy=resources.KeyPolicy(**fields))


def limit(count: int, period: int = 3) -> resources.UseLimit:
    made = resources.UseLimit(count=count)
    made.period = period  # type: ignore[assignment]  # also numbers that there are not
    return made


WRONG: dict[str, tuple[str, Message | bytes]] = {
    "a zone that is a path": (CREATE_GRANT, schedule("../../etc/passwd")),
    "a zone that is an absolute path": (CREATE_GRANT, schedule("/etc/passwd")),
    "a zone that is a folder": (CREATE_GRANT, schedule("Asia")),
    "a zone with NUL": (CREATE_GRANT, schedule("Asia/Shanghai\0")),
    "a huge zone": (CREATE_GRANT, schedule(HUGE)),
    "a day that there is not": (CREATE_GRANT, schedule("UTC", weekdays=[8])),
    "a time before midnight": (CREATE_GRANT, schedule("UTC", start=-60)),
    "a time of years": (CREATE_GRANT, schedule("UTC", end=1 << 40)),
    "a moment out of all calendars": (
        CREATE_GRANT,
        conditions(not_before=Timestamp(seconds=1 << 60)),
    ),
    "a negative limit": (CREATE_GRANT, conditions(limits=[limit(-1)])),
    "a limit of nothing": (CREATE_GRANT, conditions(limits=[limit(0)])),
    "a limit over the most": (CREATE_GRANT, conditions(limits=[limit(1 << 62)])),
    "a period that there is not": (CREATE_GRANT, conditions(limits=[limit(1, 99)])),
    "two limits for a period": (CREATE_GRANT, conditions(limits=[limit(1), limit(2)])),
    "100,000 limits": (CREATE_GRANT, conditions(limits=[limit(1)] * 100_000)),
    "a negative count of approvers": (
        CREATE_GRANT,
        conditions(approval=resources.ApprovalRule(count=-1)),
    ),
    "an algorithm that there is not": (CREATE_GRANT, conditions(algorithms=[1000])),
    "a purpose that there is not": (CREATE_GRANT, conditions(purposes=[-1])),
    "an operation that there is not": (CREATE_GRANT, granted(operations=[77])),
    "an effect that there is not": (CREATE_GRANT, granted(effect=9)),
    "a huge comment": (CREATE_GRANT, granted(comment=HUGE)),
    "a huge subject": (CREATE_GRANT, granted(subject=HUGE)),
    "a huge pattern": (CREATE_GRANT, granted(keys="keys/" + "*a" * 100_000)),
    "a pattern of another collection": (CREATE_GRANT, granted(keys="tokens/*")),
    "more members than may be": (SET_GROUP, group(*MANY)),
    "a member with a huge name": (SET_GROUP, group(HUGE)),
    "a group as a member": (SET_GROUP, group("groups/approvers")),
    "a group with a huge name": (SET_GROUP, group(name="groups/" + HUGE)),
    "a group with a path": (SET_GROUP, group(name="groups/../keys/target")),
    "a huge identity": (
        "AccessService/CreateIdentity",
        access.CreateIdentityRequest(identity=samples.identity(HUGE)),
    ),
    "an identity with line ends": (
        "AccessService/CreateIdentity",
        access.CreateIdentityRequest(identity=samples.identity("a\nb")),
    ),
    "a role that there is not": (
        "AccessService/CreateIdentity",
        access.CreateIdentityRequest(identity=samples.identity("abuse", 42)),  # type: ignore[arg-type]
    ),
    "a huge key": ("KeyService/GetKey", keys.GetKeyRequest(name="keys/" + HUGE)),
    "a key that is a path": ("KeyService/GetKey", keys.GetKeyRequest(name="keys/../../x")),
    "a policy with a negative limit": ("KeyService/SetKeyPolicy", policy(limits=[limit(-5)])),
    "a policy with an unknown algorithm": ("KeyService/SetKeyPolicy", policy(algorithms=[99])),
    "a huge label": (
        "KeyService/EnrolKey",
        keys.EnrolKeyRequest(key_id="abuse", token="tokens/t", label=HUGE),
    ),
    "a huge summary": (
        "ApprovalService/CreateApproval",
        approval.CreateApprovalRequest(sign=samples.item("x"), summary=HUGE),
    ),
    "a huge name of an approval": (
        "ApprovalService/GetApproval",
        approval.GetApprovalRequest(name="approvals/" + HUGE),
    ),
    "a page of -1": ("AccessService/ListGrants", access.ListGrantsRequest(page_size=-1)),
    "a page of everything": (
        "AccessService/ListIdentities",
        access.ListIdentitiesRequest(page_size=(1 << 31) - 1),
    ),
    "a page token of one's own": (
        "AccessService/ListGroups",
        access.ListGroupsRequest(page_token="' or 1=1 --"),
    ),
    "too many names to watch": (
        "TokenService/WatchTokens",
        tokens.WatchTokensRequest(names=["tokens/t"] * 1001),
    ),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_not_valid_is_refused_as_such(town: Scene, what: str) -> None:
    """To an administrator; whoever may not call at all only hears that."""
    method, request = WRONG[what]
    before = town.state()
    assert town.by(FOUNDER).call(method, request).code == "INVALID_ARGUMENT"
    stranger = town.by("unknown").call(method, request)
    assert stranger.result == "PERMISSION_DENIED"
    assert len(stranger.message) < 1000
    assert town.state() == before


@pytest.mark.parametrize("first", [-1, -(1 << 62)])
def test_numbers_of_records_are_not_negative(town: Scene, first: int) -> None:
    for method, request in (
        ("AuditService/FollowRecords", audit.FollowRecordsRequest(first=first)),
        ("AuditService/ExportRecords", audit.ExportRecordsRequest(first=first)),
        ("AuditService/PruneRecords", audit.PruneRecordsRequest(first=first)),
    ):
        assert town.by("auditor").call(method, request).code == "INVALID_ARGUMENT"


def test_an_approval_cannot_mislead_or_last_for_ever(town: Scene) -> None:
    for wrong in (
        {"summary": "pay 1\u202e000"},
        {"summary": "pay\x1b[2K nothing"},
        {"summary": "x", "lifetime": Duration(seconds=1 << 38)},
        {"summary": "x", "lifetime": Duration(seconds=-1)},
        {"summary": "x", "sign": samples.item("x", approval="approvals/a1")},
    ):
        fields: dict[str, Any] = {"sign": samples.item("x"), **wrong}
        request = approval.CreateApprovalRequest(**fields)
        answer = town.by("signer").call("ApprovalService/CreateApproval", request)
        assert answer.code == "INVALID_ARGUMENT", wrong


@pytest.mark.parametrize("method", sorted(METHODS))
def test_bytes_that_are_no_message(town: Scene, method: str) -> None:
    """From those who may call, and from those who may not."""
    codes = {town.by(who).call(method, b"\xff" * 1000).code for who in (FOUNDER, "auditor")}
    assert codes <= {"INVALID_ARGUMENT", "PERMISSION_DENIED"}
    assert town.by("unknown").call(method, b"\xff" * 1000).code == "PERMISSION_DENIED"


def test_a_request_larger_than_any_is_refused_before_it_is_read(town: Scene) -> None:
    item = signing.SignRequest(key="keys/target", message=bytes(8 << 20))
    assert town.by("none").call("SigningService/Sign", item).code in (
        "RESOURCE_EXHAUSTED",
        "PERMISSION_DENIED",
    )
    page = town.by("signer").call("KeyService/ListKeys", keys.ListKeysRequest())
    assert page.result == "OK", "the connection goes on"


def test_records_have_a_size_that_callers_do_not_choose(town: Scene) -> None:
    """The longest of all that goes in: names of 255 characters that take four bytes each."""
    widest = "\U00020000" * 200 + "z" * 55
    other = "\U00020001" * 255
    for name in (widest, other):
        town.admit(name, access.ROLE_SIGNER, credential=access.CREDENTIAL_COMMON_NAME)
    pinned = {"certificate_sha256": "a" * 64, "disabled": True}
    assert town.update(FOUNDER, widest, access.ROLE_SIGNER, **pinned).result == "OK"
    every = [access.OPERATION_READ, access.OPERATION_VERIFY, access.OPERATION_SIGN]
    town.grant(other, "k" * 63, operations=every)
    items = [samples.item("x", approval="approvals/" + HUGE), samples.item("x", approval=HUGE)]
    for item in items:
        town.by("signer").call("SigningService/Sign", item)
        town.by("none").call("SigningService/Sign", item)
    largest = max(town.records(), key=lambda record: len(record.json.encode()))
    assert len(largest.json.encode()) < MOST_RECORD_BYTES, json.loads(largest.json)
