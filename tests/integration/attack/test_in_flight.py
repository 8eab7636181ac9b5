"""Changes while signatures are under way in a slow token: none leaves after the change's reply."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import grpc
import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import audit_service_pb2 as audit
from signetd.api.v1 import resources_pb2 as resources
from tests.integration.attack import samples
from tests.integration.attack.scene import FOUNDER, Scene, scene

DELAY = 400  # milliseconds that the token takes for a signature
UNDER_WAY = 3
SIGNER = access.ROLE_SIGNER
NAMES = [f"signer-{number}" for number in range(12)]


@pytest.fixture(scope="module")
def slow() -> Iterator[Scene]:
    """A daemon with one signer for each change."""
    with scene(*NAMES) as made:
        made.start(audit_key=False)
        yield made


Change = Callable[[Scene, str, str], object]
"""Made for a signer, with a key of the same name and a grant for it."""


def _disable_identity(slow: Scene, name: str, grant: str) -> object:
    return slow.update(FOUNDER, name, SIGNER, disabled=True)


def _take_role(slow: Scene, name: str, grant: str) -> object:
    return slow.update(FOUNDER, name, access.ROLE_AUDITOR)


def _delete_grant(slow: Scene, name: str, grant: str) -> object:
    request = access.DeleteGrantRequest(name=grant)
    return slow.by(FOUNDER).done("AccessService/DeleteGrant", request)


def _forbid(slow: Scene, name: str, grant: str) -> object:
    return slow.grant(name, "*", effect=access.GRANT_EFFECT_DENY)


def _leave_group(slow: Scene, name: str, grant: str) -> object:
    _delete_grant(slow, name, grant)
    slow.group(f"of-{name}")
    return None


def _delete_identity(slow: Scene, name: str, grant: str) -> object:
    _delete_grant(slow, name, grant)
    request = access.DeleteIdentityRequest(name=name)
    return slow.by(FOUNDER).done("AccessService/DeleteIdentity", request)


def _disable_key(slow: Scene, name: str, grant: str) -> object:
    slow.disable(name)
    return None


def _ask_approval(slow: Scene, name: str, grant: str) -> object:
    slow.policy(name, resources.KeyPolicy(approval=resources.ApprovalRule(count=1)))
    return None


CHANGES: dict[str, tuple[Change, str]] = {
    "identity disabled": (_disable_identity, "PERMISSION_DENIED"),
    "role taken": (_take_role, "PERMISSION_DENIED"),
    "grant deleted": (_delete_grant, "PERMISSION_DENIED"),
    "forbidden": (_forbid, "PERMISSION_DENIED"),
    "taken out of the group": (_leave_group, "PERMISSION_DENIED"),
    "identity deleted": (_delete_identity, "PERMISSION_DENIED"),
    "key disabled": (_disable_key, "KEY_STATE_WRONG"),
    "approval asked for": (_ask_approval, "APPROVAL_NEEDED"),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
def test_nothing_is_released_after_the_reply_of_a_change(slow: Scene, what: str) -> None:
    change, reason = CHANGES[what]
    name = NAMES[sorted(CHANGES).index(what)]
    grant = _prepare(slow, name, by_group=change is _leave_group)
    begun = slow.daemon.count("C_Sign")
    slow.daemon.faults(f"C_Sign delay {DELAY} times={UNDER_WAY}")
    first = slow.last()
    with ThreadPoolExecutor(UNDER_WAY) as threads:
        item = samples.item(what, name)
        calls = [
            threads.submit(slow.by(name).call, "SigningService/Sign", item)
            for _ in range(UNDER_WAY)
        ]
        slow.daemon.await_calls("C_Sign", begun + 1)  # one is in the token, the others wait
        change(slow, name, grant)
        changed = slow.last()
        answers = [call.result() for call in calls]
    slow.daemon.faults()
    assert {answer.result for answer in answers} == {reason}, answers
    assert _released(slow, name, first) == [], f"released behind record {changed}"
    assert slow.by(name).call("SigningService/Sign", item).result == reason
    refused = slow.records(first, identity=name, allowed=0)
    assert len(refused) == UNDER_WAY + 1, "each refusal is one record that says not allowed"
    assert "signature_digest" not in "".join(record.json for record in refused)


def _prepare(slow: Scene, name: str, *, by_group: bool) -> str:
    slow.key(name)
    slow.admit(name, SIGNER)
    subject = name
    if by_group:
        slow.group(f"of-{name}", name)
        subject = f"groups/of-{name}"
    grant = slow.grant(subject, name)
    if by_group:  # another one that is deleted, and does not let it sign
        grant = slow.grant(name, name, operations=[access.OPERATION_READ])
    assert slow.by(name).call("SigningService/Sign", samples.item("once", name)).result == "OK"
    return grant


def _released(slow: Scene, name: str, after: int) -> list[object]:
    found = slow.records(after, kind="use", result="OK", identity=name)
    return [json.loads(record.json) for record in found]


def test_a_stream_ends_with_the_role_of_its_reader(slow: Scene) -> None:
    """The auditor who follows the audit gets nothing that is written after he was removed."""
    name = NAMES[-1]
    slow.admit(name, access.ROLE_AUDITOR)
    request = audit.FollowRecordsRequest(first=slow.last() + 1).SerializeToString()
    method = "/signetd.api.v1.AuditService/FollowRecords"
    stream = cast(Any, slow.by(name).channel).unary_stream(method)(request, timeout=20)
    slow.update(FOUNDER, name, access.ROLE_AUDITOR)  # changes nothing, and is written down
    assert b"UpdateIdentity" in next(stream)
    slow.update(FOUNDER, name, access.ROLE_AUDITOR, disabled=True)
    slow.group("not-for-him")
    rest: list[bytes] = []
    with pytest.raises(grpc.RpcError) as caught:
        rest.extend(stream)
    assert cast(grpc.Call, caught.value).code() is grpc.StatusCode.PERMISSION_DENIED
    assert b"not-for-him" not in b"".join(rest)


def test_an_approver_who_is_removed_meanwhile_has_not_approved(slow: Scene) -> None:
    """The approval was there when the token began, and has not enough voters when it ends."""
    name, voter = NAMES[-2], NAMES[-3]
    slow.key(name)
    for each in (name, voter):
        slow.admit(each, SIGNER)
    slow.grant(name, name)
    slow.group("voters", voter)
    rule = resources.ApprovalRule(count=1, group="groups/voters")
    slow.policy(name, resources.KeyPolicy(approval=rule))
    approved = samples.approved(slow, "late", by=name, key=name, voters=(voter,))
    begun = slow.daemon.count("C_Sign")
    slow.daemon.faults(f"C_Sign delay {DELAY} times=1")
    with ThreadPoolExecutor(1) as threads:
        item = samples.item("late", name, approval=approved)
        call = threads.submit(slow.by(name).call, "SigningService/Sign", item)
        slow.daemon.await_calls("C_Sign", begun + 1)
        slow.group("voters")
        assert call.result().result == "APPROVAL_INVALID"
    slow.daemon.faults()
    assert _released(slow, name, 0) == []
