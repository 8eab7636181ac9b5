"""What is kept of approvals, and each change of one, in the transaction of somebody else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import msgspec
import pytest
from sqlalchemy import Engine, update

from signetd.daemon.approvals.types import Approval, ApprovalState, Subject
from signetd.daemon.audit.types import Effect
from signetd.daemon.policy.types import ApprovalRule
from signetd.daemon.state.access_tables import APPROVALS
from signetd.daemon.state.approvals import ApprovalStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.samples import (
    DAY,
    REQUESTER,
    SUBJECT,
    People,
    altered_subjects,
    approval,
)
from tests.unit.daemon.ledgers import START

Do = Callable[..., None]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def do(engine: Engine) -> Do:
    """Make effects, all or none, as a ledger does."""

    def make(*effects: Effect, at: datetime = START) -> None:
        with engine.begin() as connection:
            for effect in effects:
                effect(connection, at)

    return make


def refusal(do: Do, effect: Effect, at: datetime = START) -> Reason:
    with pytest.raises(SignetError) as caught:
        do(effect, at=at)
    return caught.value.reason


def approve(store: ApprovalStore, identity: str, *, approved: bool = True) -> Effect:
    return store.vote("a1", identity, People().members, approved=approved, comment="看过")


def kept(store: ApprovalStore) -> Approval:
    found = store.get("a1")
    assert found is not None, "the approval a1 is not in the database"
    return found


def test_an_approval_is_kept_whole_and_begins_with_its_record(store: ApprovalStore, do: Do) -> None:
    one = approval(rules=(ApprovalRule(count=2), ApprovalRule(count=1, group="legal")))
    do(store.create(one, 10), at=START + MINUTE)
    expected = {"create_time": START, "update_time": START, "expire_time": START + DAY}
    shifted = {field: time + MINUTE for field, time in expected.items()}
    assert store.get("a1") == msgspec.structs.replace(one, **shifted)
    assert store.get("a2") is None


def test_a_requester_has_a_limited_number_of_open_approvals(store: ApprovalStore, do: Do) -> None:
    for number in range(2):
        do(store.create(approval(id=f"b{number}"), 2))
    assert refusal(do, store.create(approval(), 2)) is Reason.LIMIT_REACHED
    do(store.create(approval(id="other", requester="other"), 2))
    do(store.cancel("b0", REQUESTER))
    do(store.create(approval(), 2))
    assert refusal(do, store.create(approval(id="b3"), 2)) is Reason.LIMIT_REACHED
    do(store.create(approval(id="b4"), 2), at=START + DAY)


def test_enough_votes_approve_and_each_is_kept(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(), 10))
    do(approve(store, "admin-2"), at=START + MINUTE)
    assert kept(store).state is ApprovalState.PENDING
    do(approve(store, "admin-1"), at=START + 2 * MINUTE)
    found = kept(store)
    assert (found.state, found.update_time) == (ApprovalState.APPROVED, START + 2 * MINUTE)
    assert [(vote.identity, vote.comment, vote.time) for vote in found.votes] == [
        ("admin-2", "看过", START + MINUTE),
        ("admin-1", "看过", START + 2 * MINUTE),
    ]
    do(approve(store, "admin-3"))
    assert (kept(store).state, len(kept(store).votes)) == (ApprovalState.APPROVED, 3)


@pytest.mark.parametrize("approvals", [0, 1, 2])
def test_the_first_rejection_is_final(store: ApprovalStore, do: Do, approvals: int) -> None:
    do(store.create(approval(), 10))
    for number in range(approvals):
        do(approve(store, f"admin-{number + 1}"))
    do(approve(store, "admin-3", approved=False))
    assert kept(store).state is ApprovalState.REJECTED
    assert refusal(do, store.consume("a1", SUBJECT, REQUESTER)) is Reason.APPROVAL_INVALID
    if approvals < 2:
        assert refusal(do, approve(store, "admin-2")) is Reason.APPROVAL_STATE_WRONG


def test_who_may_not_vote(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(requester="admin-1"), 10))
    assert refusal(do, approve(store, "admin-1")) is Reason.PERMISSION_DENIED
    assert refusal(do, approve(store, "li")) is Reason.PERMISSION_DENIED
    do(approve(store, "admin-2"))
    assert refusal(do, approve(store, "admin-2")) is Reason.APPROVAL_STATE_WRONG
    assert refusal(do, approve(store, "admin-2", approved=False)) is Reason.APPROVAL_STATE_WRONG
    assert refusal(do, approve(store, "admin-3"), at=START + DAY) is Reason.APPROVAL_STATE_WRONG
    missing = store.vote("none", "admin-2", People().members, approved=True, comment="")
    assert refusal(do, missing) is Reason.APPROVAL_NOT_FOUND
    assert [vote.identity for vote in kept(store).votes] == ["admin-2"]


def test_who_has_asked_takes_back(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(), 10))
    assert refusal(do, store.cancel("a1", "admin-1")) is Reason.PERMISSION_DENIED
    assert refusal(do, store.cancel("none", REQUESTER)) is Reason.APPROVAL_NOT_FOUND
    assert refusal(do, store.cancel("a1", REQUESTER), START + DAY) is Reason.APPROVAL_STATE_WRONG
    do(store.cancel("a1", REQUESTER), at=START + MINUTE)
    assert (kept(store).state, kept(store).update_time) == ("CANCELLED", START + MINUTE)
    assert refusal(do, store.cancel("a1", REQUESTER)) is Reason.APPROVAL_STATE_WRONG


@pytest.fixture
def approved(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(), 10), approve(store, "admin-1"), approve(store, "admin-2"))


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize("subject", altered_subjects())
def test_nothing_else_uses_it_up(store: ApprovalStore, do: Do, subject: Subject) -> None:
    assert refusal(do, store.consume("a1", subject, REQUESTER)) is Reason.APPROVAL_INVALID
    assert kept(store).state is ApprovalState.APPROVED


@pytest.mark.usefixtures("approved")
def test_it_is_used_by_the_one_who_asked_in_time_and_once(store: ApprovalStore, do: Do) -> None:
    use = store.consume("a1", SUBJECT, REQUESTER)
    last = START + DAY - timedelta(microseconds=1)
    assert refusal(do, store.consume("a1", SUBJECT, "admin-1")) is Reason.APPROVAL_INVALID
    assert refusal(do, store.consume("a2", SUBJECT, REQUESTER)) is Reason.APPROVAL_INVALID
    assert refusal(do, use, at=START + DAY) is Reason.APPROVAL_INVALID
    do(use, at=last)
    assert (kept(store).state, kept(store).update_time) == (ApprovalState.USED, last)
    assert refusal(do, use) is Reason.APPROVAL_INVALID
    assert refusal(do, store.cancel("a1", REQUESTER)) is Reason.APPROVAL_STATE_WRONG


def test_one_that_is_not_approved_is_not_used(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(), 10), approve(store, "admin-1"))
    assert refusal(do, store.consume("a1", SUBJECT, REQUESTER)) is Reason.APPROVAL_INVALID


def at_once(count: int, act: Callable[[int], None]) -> list[Reason | None]:
    """Let *count* threads act at the same moment; returns what each was refused with."""
    gate = Barrier(count)

    def run(number: int) -> Reason | None:
        gate.wait(30)
        try:
            act(number)
        except SignetError as error:
            return error.reason
        return None

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@pytest.mark.usefixtures("approved")
def test_of_many_uses_at_once_exactly_one_succeeds(store: ApprovalStore, do: Do) -> None:
    ends = at_once(8, lambda _: do(store.consume("a1", SUBJECT, REQUESTER)))
    assert sorted(ends, key=str) == [Reason.APPROVAL_INVALID] * 7 + [None]


def test_of_votes_at_once_none_is_lost_and_none_counts_twice(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(rules=(ApprovalRule(count=3),)), 10))
    ends = at_once(6, lambda number: do(approve(store, f"admin-{number % 3 + 1}")))
    assert sorted(ends, key=str) == [Reason.APPROVAL_STATE_WRONG] * 3 + [None] * 3
    assert (kept(store).state, len(kept(store).votes)) == (ApprovalState.APPROVED, 3)


def test_what_is_refused_leaves_nothing_of_its_transaction(store: ApprovalStore, do: Do) -> None:
    do(store.create(approval(), 10))
    with pytest.raises(SignetError):
        do(approve(store, "admin-1"), approve(store, "admin-1"))
    assert kept(store).votes == ()


def test_a_row_that_cannot_be_understood(store: ApprovalStore, do: Do, engine: Engine) -> None:
    do(store.create(approval(), 10))
    with engine.begin() as connection:
        connection.execute(update(APPROVALS).values(rules='[{"count":"two"}]'))
    with pytest.raises(SignetError, match="approval 'a1' cannot be understood") as caught:
        store.get("a1")
    assert caught.value.reason is Reason.INTERNAL
