"""Using approvals for signatures and administrators' acts."""

import asyncio
from datetime import datetime, timedelta

import pytest

from signetd.daemon.approvals import subjects
from signetd.daemon.approvals.types import ApprovalState, Subject
from signetd.daemon.audit.types import Entry, Event, Kind
from signetd.daemon.policy.types import ApprovalRule, Credential, Role
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.office import Office
from tests.unit.daemon.approvals.samples import DAY, REQUESTER, SUBJECT, altered_subjects

TWO = (ApprovalRule(count=2),)
EVENT = Event(kind=Kind.USE, operation="sign", allowed=True, result="OK")
ADMIN = subjects.administrator("new", [Role.AUDITOR], Credential.DNS, "")


async def sign(
    office: Office, name: str, user: str = REQUESTER, subject: Subject = SUBJECT
) -> bytes:
    """Do as the signing path does; returns the signature."""
    with office.uses.reserve(name, user):
        effects = await office.uses.effects_for_sign(name, subject, user, TWO)
        await asyncio.sleep(0.01)  # the token
        await office.ledger.write(Entry(event=EVENT, effects=effects))
        return b"signature"


async def refusal(office: Office, *arguments: object) -> SignetError:
    with pytest.raises(SignetError) as caught:
        await sign(office, *arguments)  # type: ignore[arg-type]
    return caught.value


async def test_an_approval_is_used_once_and_told(office: Office) -> None:
    made = await office.approved()
    name = f"approvals/{made.id}"
    assert await sign(office, name) == b"signature"
    await office.changes.drain()
    assert office.told[-1].state is ApprovalState.USED
    error = await refusal(office, name)
    assert (error.reason, "was used already" in error.message) == (Reason.APPROVAL_INVALID, True)


async def test_of_requests_at_once_one_reaches_the_token(office: Office) -> None:
    name = f"approvals/{(await office.approved()).id}"
    tries = await asyncio.gather(*(sign(office, name) for _ in range(9)), return_exceptions=True)
    assert [one for one in tries if one == b"signature"] == [b"signature"]
    refused = [one for one in tries if isinstance(one, SignetError)]
    assert len(refused) == 8
    assert all("being used by another request" in one.message for one in refused)


async def test_a_failed_try_gives_the_approval_back(office: Office) -> None:
    name = f"approvals/{(await office.approved()).id}"
    office.ledger.failure = SignetError(Reason.AUDIT_UNAVAILABLE, "full")
    assert (await refusal(office, name)).reason is Reason.AUDIT_UNAVAILABLE
    office.ledger.failure = None
    assert await sign(office, name) == b"signature"


async def test_tries_that_use_nothing_are_not_told(office: Office) -> None:
    name = f"approvals/{(await office.approved()).id}"
    office.told.clear()
    await refusal(office, name, "mallory")
    await refusal(office, name, REQUESTER, altered_subjects()[0])
    office.ledger.failure = SignetError(Reason.AUDIT_UNAVAILABLE, "full")
    await refusal(office, name)
    await office.changes.drain()
    assert office.told == []


@pytest.mark.parametrize("subject", altered_subjects())
async def test_nothing_else_is_signed(office: Office, subject: Subject) -> None:
    name = f"approvals/{(await office.approved()).id}"
    assert (await refusal(office, name, REQUESTER, subject)).reason is Reason.APPROVAL_INVALID
    assert await sign(office, name) == b"signature"


async def test_an_approval_from_before_the_key_was_replaced_is_for_the_former_pair(
    office: Office,
) -> None:
    made = await office.approved()
    name, replaced = f"approvals/{made.id}", made.create_time + timedelta(seconds=1)

    async def use(user: str, since: datetime) -> object:
        return await office.uses.effects_for_sign(name, SUBJECT, user, TWO, since=since)

    with pytest.raises(SignetError, match="before the key was given the pair") as caught:
        await use(REQUESTER, replaced)
    assert caught.value.reason is Reason.APPROVAL_INVALID
    with pytest.raises(SignetError, match="has not asked for"):
        await use("mallory", replaced)
    assert await use(REQUESTER, made.create_time)


async def test_another_user_cannot_tell_it_from_none_nor_hold_it_up(office: Office) -> None:
    made = await office.approved()
    name, none = f"approvals/{made.id}", f"approvals/{'a' * len(made.id)}"
    with office.uses.reserve(name, REQUESTER):
        foreign = await refusal(office, name, "mallory")
    missing = await refusal(office, none, "mallory")
    assert foreign.reason is missing.reason is Reason.APPROVAL_INVALID
    assert foreign.message.replace(made.id, "") == missing.message.replace("a" * len(made.id), "")
    with office.uses.reserve(name, "mallory"):
        assert await sign(office, name) == b"signature"


async def test_not_before_it_is_approved_and_not_after_its_time(office: Office) -> None:
    pending = await office.asked()
    assert "not been approved yet" in (await refusal(office, f"approvals/{pending.id}")).message
    made = await office.approved()
    office.now += DAY + DAY
    assert "its time is over" in (await refusal(office, f"approvals/{made.id}")).message


async def test_a_rejection_while_the_token_works_keeps_the_signature_back(office: Office) -> None:
    made = await office.approved()
    signing = asyncio.create_task(sign(office, f"approvals/{made.id}"))
    effects = await office.uses.effects_for_sign(f"approvals/{made.id}", SUBJECT, REQUESTER, TWO)
    signing.cancel()
    office.call("admin-3", "RejectApproval")
    await office.approvals.reject("admin-3", made.id)
    with pytest.raises(SignetError, match="rejected or taken back meanwhile"):
        await office.ledger.write(Entry(event=EVENT, effects=effects))


async def test_what_needs_an_approval_says_by_whom_and_how_to_ask(office: Office) -> None:
    wanted = (*TWO, ApprovalRule(count=1, group="legal"))
    with pytest.raises(SignetError) as caught:
        await office.uses.effects_for_sign("", SUBJECT, REQUESTER, wanted)
    assert caught.value.reason is Reason.APPROVAL_NEEDED
    assert "2 of the security administrators and 1 of groups/legal" in caught.value.message
    assert "`signetctl approval request`" in caught.value.message
    assert await office.uses.effects_for_sign("", SUBJECT, REQUESTER, ()) == ()
    with office.uses.reserve("", REQUESTER), office.uses.reserve("", REQUESTER):
        pass


async def test_acts_of_administrators(office: Office) -> None:
    act = office.uses.effects_for_act
    assert await act(ADMIN, "", "admin-1", 0) == ()
    with pytest.raises(SignetError, match="`signetctl approval request-admin`") as needed:
        await act(ADMIN, "", "admin-1", 2)
    assert needed.value.reason is Reason.APPROVAL_NEEDED
    made = await office.asked("admin-1", ADMIN)
    name = f"approvals/{made.id}"
    for voter in ("admin-2", "admin-3"):
        office.call(voter, "ApproveApproval")
        await office.approvals.approve(voter, made.id, ADMIN.digest)
    with pytest.raises(SignetError, match="not enough approvers"):
        await act(ADMIN, name, "admin-1", 3)
    with pytest.raises(SignetError, match="not enough approvers"):
        await act(ADMIN, name, "admin-1", 2, [ApprovalRule(count=1, group="legal")])
    (effect,) = await act(ADMIN, name, "admin-1", 2)
    await office.ledger.write(Entry(event=EVENT, effects=(effect,)))
    with pytest.raises(SignetError, match="was used already"):
        await act(ADMIN, name, "admin-1", 0)


async def test_names_that_are_none(office: Office) -> None:
    assert (await refusal(office, "a1")).reason is Reason.INPUT_INVALID
    with pytest.raises(SignetError, match="not a resource name"):
        await office.uses.effects_for_sign("keys/x", SUBJECT, REQUESTER, TWO)
