"""Asking, voting, taking back, and who sees what."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from signetd.daemon.approvals import service
from signetd.daemon.approvals.types import Approval, ApprovalState
from signetd.daemon.policy.types import ApprovalRule
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.samples import DAY, REQUESTER, SUBJECT

DIGEST = SUBJECT.digest


async def reason(work: Any) -> Reason:
    with pytest.raises(SignetError) as caught:
        await work
    return caught.value.reason


async def test_an_approval_is_asked_for_approved_and_recorded(office: Office) -> None:
    made = await office.asked()
    assert (made.state, made.requester, made.subject) == ("PENDING", REQUESTER, SUBJECT)
    assert (made.rules, made.expire_time - made.create_time) == ((ApprovalRule(count=2),), DAY)
    call = office.call("admin-1", "ApproveApproval")
    await office.approvals.approve("admin-1", made.id, DIGEST, "看过合同")
    office.call("admin-2", "ApproveApproval")
    after = await office.approvals.approve("admin-2", made.id, DIGEST)
    assert (after.state, call.recorded) == (ApprovalState.APPROVED, True)
    assert [one.state for one in office.told] == ["PENDING", "PENDING", "APPROVED"]
    events = [entry.event for entry in office.ledger.entries]
    assert {event.resource for event in events} == {f"approvals/{made.id}"}
    assert [(event.identity, event.operation) for event in events] == [
        (REQUESTER, "ApprovalService/CreateApproval"),
        ("admin-1", "ApprovalService/ApproveApproval"),
        ("admin-2", "ApprovalService/ApproveApproval"),
    ]
    detail = f"sign keys/seal SM2_SM3 digest={DIGEST.hex()}"
    assert {event.detail for event in events} == {detail}, "no summary, no comment in the audit"


async def test_what_is_not_asked_for(office: Office) -> None:
    office.needs.refused = {"nobody"}
    assert await reason(office.asked("nobody")) is Reason.PERMISSION_DENIED
    office.needs.rules = ()
    assert await reason(office.asked()) is Reason.APPROVAL_INVALID
    assert office.ledger.entries == []


@pytest.mark.parametrize("seconds", [0, -1, 59.9, 30 * 86400 + 1])
async def test_lifetimes_have_bounds(office: Office, seconds: float) -> None:
    assert await reason(office.asked(days=seconds / 86400)) is Reason.INPUT_INVALID


async def test_open_approvals_are_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_OPEN", 2)
    for _ in range(2):
        await office.asked()
    assert await reason(office.asked()) is Reason.LIMIT_REACHED
    await office.asked("another")


async def test_an_approver_must_have_seen_the_digest(office: Office) -> None:
    made = await office.asked()
    office.call("admin-1", "ApproveApproval")
    approve = office.approvals.approve
    assert await reason(approve("admin-1", made.id, b"")) is Reason.INPUT_MISSING
    assert await reason(approve("admin-1", made.id, bytes(32))) is Reason.APPROVAL_INVALID
    assert await reason(approve("admin-1", made.id, DIGEST[:31])) is Reason.APPROVAL_INVALID
    assert len(office.ledger.entries) == 1


async def test_who_may_not_vote(office: Office) -> None:
    made = await office.asked()
    approvals = office.approvals
    assert await reason(approvals.reject(REQUESTER, made.id)) is Reason.PERMISSION_DENIED
    assert await reason(approvals.reject("auditor", made.id)) is Reason.PERMISSION_DENIED
    assert await reason(approvals.reject("stranger", made.id)) is Reason.APPROVAL_NOT_FOUND
    assert await reason(approvals.reject("li", made.id)) is Reason.APPROVAL_NOT_FOUND
    long = approvals.reject("admin-1", made.id, "x" * 501)
    assert await reason(long) is Reason.INPUT_INVALID
    office.call("admin-1", "RejectApproval")
    rejected = await approvals.reject("admin-1", made.id, "价格不对")
    assert (rejected.state, rejected.votes[0].comment) == ("REJECTED", "价格不对")
    assert await reason(approvals.reject("admin-2", made.id)) is Reason.APPROVAL_STATE_WRONG


async def test_who_sees_an_approval_and_who_cannot_tell_it_from_none(office: Office) -> None:
    office.needs.rules = (ApprovalRule(count=1, group="legal"),)
    made = await office.asked()
    for viewer in (REQUESTER, "li", "wang", "admin-3", "auditor"):
        assert (await office.approvals.get(viewer, made.id)).id == made.id
    with pytest.raises(SignetError) as foreign:
        await office.approvals.get("stranger", made.id)
    with pytest.raises(SignetError) as missing:
        await office.approvals.get("stranger", "a" * len(made.id))
    assert foreign.value.reason is missing.value.reason is Reason.APPROVAL_NOT_FOUND
    assert foreign.value.message.replace(made.id, "") == missing.value.message.replace(
        "a" * len(made.id), ""
    )


async def test_lists_show_what_may_be_seen(office: Office) -> None:
    mine, other = await office.asked(), await office.asked("other")

    async def seen(viewer: str, **options: Any) -> list[str]:
        found, token = await office.approvals.page(viewer, 10, "", **options)
        assert token == ""
        return [one.id for one in found]

    assert await seen(REQUESTER) == [mine.id]
    assert await seen("admin-1") == await seen("auditor") == [other.id, mine.id]
    assert await seen("stranger") == []
    assert await seen("admin-1", states=[ApprovalState.USED]) == []
    office.now += 2 * DAY
    (expired,), _ = await office.approvals.page(REQUESTER, 0, "")
    assert expired.state is ApprovalState.EXPIRED
    assert await reason(office.approvals.page("a", 1001, "")) is Reason.INPUT_INVALID
    assert await reason(office.approvals.page("a", 1, "x")) is Reason.INPUT_INVALID


async def test_pages_follow_each_other(office: Office) -> None:
    made = [(await office.asked()).id for _ in range(5)]
    found: list[Approval] = []
    token = ""
    while len(found) < 5:
        page, token = await office.approvals.page(REQUESTER, 2, token)
        found += page
    assert [one.id for one in found] == made[::-1]


async def test_taking_back(office: Office) -> None:
    made = await office.asked()
    cancel = office.approvals.cancel
    assert await reason(cancel("admin-1", made.id)) is Reason.PERMISSION_DENIED
    assert await reason(cancel("stranger", made.id)) is Reason.APPROVAL_NOT_FOUND
    office.call(REQUESTER, "CancelApproval")
    assert (await cancel(REQUESTER, made.id)).state is ApprovalState.CANCELLED
    assert await reason(cancel(REQUESTER, made.id)) is Reason.APPROVAL_STATE_WRONG


async def test_expiry_is_written_and_told_when_it_is_touched(office: Office) -> None:
    made = await office.asked()
    office.now += DAY + timedelta(seconds=1)
    office.told.clear()
    assert (await office.approvals.get(REQUESTER, made.id)).state is ApprovalState.EXPIRED
    assert [(one.id, one.state) for one in office.told] == [(made.id, "EXPIRED")]
    kept = office.store.get(made.id)
    assert kept is not None
    assert kept.state is ApprovalState.EXPIRED
    again = office.approvals.approve("admin-1", made.id, DIGEST)
    assert await reason(again) is Reason.APPROVAL_STATE_WRONG


async def test_upkeep_writes_expiry_until_it_is_cancelled(office: Office) -> None:
    await office.asked()
    office.told.clear()
    office.now += 2 * DAY
    seen = asyncio.Event()
    office.changes.listen(lambda _: seen.set())
    upkeep = asyncio.create_task(office.approvals.upkeep(0.01))
    await asyncio.wait_for(seen.wait(), 20)
    upkeep.cancel()
    assert [one.state for one in office.told] == ["EXPIRED"]


async def test_an_act_is_finished_and_told_when_its_caller_goes_away(office: Office) -> None:
    office.call(REQUESTER, "CreateApproval")
    asking = asyncio.create_task(office.approvals.create(REQUESTER, SUBJECT, "x"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await office.changes.drain()
    assert [one.state for one in office.told] == ["PENDING"]


async def test_without_an_audit_nothing_is_done(office: Office) -> None:
    made = await office.asked()
    office.ledger.failure = SignetError(Reason.AUDIT_UNAVAILABLE, "the disk is full")
    office.call("admin-1", "ApproveApproval")
    refused = office.approvals.approve("admin-1", made.id, DIGEST)
    assert await reason(refused) is Reason.AUDIT_UNAVAILABLE
    assert (await office.approvals.get("admin-1", made.id)).votes == ()
