"""Who counts as an approver, and what an approval may be used for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.approvals import rules
from signetd.daemon.approvals.types import Approval, ApprovalState, Subject, Vote
from signetd.daemon.policy.types import ApprovalRule
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.samples import (
    DAY,
    REQUESTER,
    SUBJECT,
    People,
    altered_subjects,
    approval,
    votes,
)
from tests.unit.daemon.ledgers import START

NAMES = ["app", "a", "b", "c", "d"]
GROUPS = ["", "x", "y"]
RULES = st.lists(
    st.builds(ApprovalRule, count=st.integers(1, 4), group=st.sampled_from(GROUPS)), max_size=3
)
MEMBERS = st.dictionaries(st.sampled_from(GROUPS), st.frozensets(st.sampled_from(NAMES)))
VOTES = st.lists(
    st.builds(Vote, identity=st.sampled_from(NAMES), approved=st.booleans(), time=st.just(START)),
    max_size=7,
).map(tuple)


def approved(**changes: object) -> Approval:
    return approval(
        **{"state": ApprovalState.APPROVED, "votes": votes("admin-1", "admin-2"), **changes}
    )


@given(wanted=RULES, groups=MEMBERS, cast=VOTES)
def test_satisfied_is_enough_different_members_other_than_the_requester_for_each_rule(
    wanted: list[ApprovalRule], groups: dict[str, frozenset[str]], cast: tuple[Vote, ...]
) -> None:
    def members(group: str) -> frozenset[str]:
        return groups.get(group, frozenset())

    def enough(rule: ApprovalRule) -> bool:
        counted = 0
        for person in NAMES:
            said = any(vote.identity == person and vote.approved for vote in cast)
            counted += said and person != REQUESTER and person in members(rule.group)
        return counted >= rule.count

    found = rules.satisfied(approval(votes=cast), wanted, members)
    assert found == all(enough(rule) for rule in wanted)


@given(wanted=RULES.filter(bool), cast=VOTES)
def test_without_members_nothing_is_satisfied(
    wanted: list[ApprovalRule], cast: tuple[Vote, ...]
) -> None:
    assert not rules.satisfied(approval(votes=cast), wanted, lambda group: frozenset())


@pytest.mark.parametrize("state", ApprovalState)
def test_only_open_approvals_expire_and_do_so_at_their_time(state: ApprovalState) -> None:
    one = approval(state=state)
    before, at = START + DAY - timedelta(microseconds=1), START + DAY
    assert rules.state_now(one, before) is state
    expected = ApprovalState.EXPIRED if state in rules.OPEN else state
    assert rules.state_now(one, at) is expected
    assert rules.as_of(one, at + DAY).state is expected
    assert rules.as_of(one, at + DAY).update_time == (at if state in rules.OPEN else START)


def use(
    one: Approval,
    subject: Subject = SUBJECT,
    user: str = REQUESTER,
    wanted: tuple[ApprovalRule, ...] = (ApprovalRule(count=2),),
    people: People | None = None,
    days: float = 0.0,
) -> None:
    members = (people or People()).members
    rules.check_use(one, subject, user, wanted, members, START + days * DAY)


def refused(*arguments: object, **options: object) -> str:
    with pytest.raises(SignetError) as caught:
        use(*arguments, **options)  # type: ignore[arg-type]
    assert caught.value.reason is Reason.APPROVAL_INVALID
    return caught.value.message


def test_an_approved_one_can_be_used_until_its_time_is_over() -> None:
    use(approved(), days=0.999)
    assert "its time is over" in refused(approved(), days=1.0)


@pytest.mark.parametrize("subject", altered_subjects())
def test_nothing_else_than_what_was_approved(subject: Subject) -> None:
    assert "ask for one for exactly what shall be done" in refused(approved(), subject)


def test_whoever_has_not_asked_learns_nothing() -> None:
    foreign = refused(approved(), user="mallory")
    assert foreign == rules.unknown_to("mallory", "a1").message
    for state in ApprovalState:
        other = approved(state=state, subject=altered_subjects()[0])
        assert refused(other, user="mallory", days=3.0) == foreign


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("PENDING", "has not been approved yet"),
        ("REJECTED", "was rejected"),
        ("CANCELLED", "was taken back"),
        ("EXPIRED", "its time is over"),
        ("USED", "was used already"),
    ],
)
def test_only_in_the_state_approved(state: str, said: str) -> None:
    assert said in refused(approved(state=ApprovalState(state)))


def test_an_approver_who_has_left_the_group_does_not_count_any_more() -> None:
    people = People()
    people.groups[""].discard("admin-2")
    assert "not enough approvers any more" in refused(approved(), people=people)
    use(approved(votes=votes("admin-1", "admin-2", "admin-3")), people=people)


def test_rules_that_have_become_stricter_count_and_the_old_ones_still_do() -> None:
    stricter = (ApprovalRule(count=2), ApprovalRule(count=1, group="legal"))
    assert "not enough approvers" in refused(approved(), wanted=stricter)
    use(approved(votes=votes("admin-1", "admin-2", "li")), wanted=stricter)
    assert "not enough approvers" in refused(approved(votes=votes("admin-1")), wanted=())


def test_who_may_approve() -> None:
    one, people = approval(rules=(ApprovalRule(count=1, group="legal"),)), People()
    assert rules.is_approver("li", one, people.members)
    assert not rules.is_approver("admin-1", one, people.members)
