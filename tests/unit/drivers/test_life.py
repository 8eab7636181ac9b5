"""The life of a token: what facts amount to, and which states follow which."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from signetd.drivers.life import NEXT, Facts, TokenLife, TokenState, Transition, judge, path

REASONS = st.sampled_from(["", "so it is"])
FACTS = st.integers(1, 3).flatmap(
    lambda wanted: st.builds(
        Facts,
        wanted=st.just(wanted),
        opened=st.integers(0, wanted),
        ready=st.integers(0, wanted),
        unlocked=st.booleans(),
        absent=REASONS,
        failed=REASONS,
        locked=REASONS,
        missing=REASONS,
        complaints=st.sampled_from([(), ("a key is in quarantine",)]),
    )
)


def pairs(states: list[TokenState]) -> Iterator[tuple[TokenState, TokenState]]:
    return pairwise(states)


@given(st.lists(FACTS, max_size=20))
def test_whatever_happens_only_allowed_states_follow(history: list[Facts]) -> None:
    seen: list[Transition] = []
    life = TokenLife("t", seen.append)
    states = [life.status.state]
    for facts in history:
        life.observe(facts)
    for transition in seen:
        assert transition.after.state in (*NEXT[transition.before.state], transition.before.state)
        states.append(transition.after.state)
    assert states[-1] is life.status.state


@given(FACTS, st.sampled_from(TokenState))
def test_it_serves_exactly_while_a_worker_is_ready_or_on_its_way_back(
    facts: Facts, before: TokenState
) -> None:
    state, reason = judge(before, facts)
    if facts.ready:
        assert state.serves
    elif state.serves and state is not before:
        assert before.serves
        assert facts.unlocked
    if state is not TokenState.READY and state is not before:
        assert reason


def test_every_state_can_be_reached_from_every_other() -> None:
    for start in TokenState:
        for end in TokenState:
            if start is not end:
                way = path(start, end)
                assert way[-1] is end
                assert all(after in NEXT[before] for before, after in pairs([start, *way]))


def test_a_change_is_told_once() -> None:
    seen: list[Transition] = []
    life = TokenLife("t", seen.append)
    facts = Facts(wanted=1, opened=1, ready=1, unlocked=True)
    life.observe(facts)
    life.observe(facts)
    assert [t.after.state.value for t in seen] == ["PRESENT", "READY"]


def test_a_new_reason_is_told_and_the_time_stays() -> None:
    seen: list[Transition] = []
    life = TokenLife("t", seen.append)
    life.observe(Facts(wanted=2, opened=2, ready=1, unlocked=True, missing="a crash"))
    life.observe(Facts(wanted=2, opened=2, ready=1, unlocked=True, missing="a hang"))
    assert seen[-1].before.state is seen[-1].after.state is TokenState.DEGRADED
    assert "a hang" in seen[-1].after.reason
    assert seen[-1].after.since == seen[-1].before.since
