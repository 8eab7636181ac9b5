"""What can be done with a seal in each state, and what is said where it cannot."""

import itertools

import pytest

from signetd.daemon.seals import life
from signetd.daemon.seals.types import Act, SealState
from signetd.drivers.errors import Reason, SignetError

A, R, C, M, U, S, X = (
    SealState.APPLIED,
    SealState.REJECTED,
    SealState.ACCEPTED,
    SealState.MADE,
    SealState.IN_USE,
    SealState.SUSPENDED,
    SealState.CANCELLED,
)
ALLOWED = {
    (A, Act.ACCEPT): C,
    (A, Act.REJECT): R,
    (A, Act.CANCEL): X,
    (C, Act.MAKE): M,
    (C, Act.CANCEL): X,
    (M, Act.FILE): U,
    (M, Act.CANCEL): X,
    (M, Act.COMPROMISE): M,
    (U, Act.SUSPEND): S,
    (U, Act.CHANGE): U,
    (U, Act.CANCEL): X,
    (U, Act.COMPROMISE): S,
    (S, Act.RESUME): U,
    (S, Act.CHANGE): S,
    (S, Act.CANCEL): X,
    (S, Act.COMPROMISE): S,
}
"""Written down a second time, on purpose."""
ASKED = sorted(set(Act) - {Act.APPLY, Act.IMPORT, Act.COMPROMISE})


@pytest.mark.parametrize(("state", "act"), list(itertools.product(SealState, ASKED)))
def test_each_act_in_each_state(state: SealState, act: Act) -> None:
    if (state, act) in ALLOWED:
        assert life.after("x", state, act) is ALLOWED[state, act]
        return
    with pytest.raises(SignetError) as caught:
        life.after("x", state, act)
    assert caught.value.reason is Reason.SEAL_STATE_WRONG
    assert str(state) in caught.value.message


@pytest.mark.parametrize("state", SealState)
def test_a_compromise_is_noted_where_it_matters(state: SealState) -> None:
    assert ((state, Act.COMPROMISE) in ALLOWED) == (state in life.COMPROMISABLE)


def test_what_is_final_says_so() -> None:
    assert {R, X} == life.FINAL
    with pytest.raises(SignetError, match="that is final") as caught:
        life.after("x", X, Act.SUSPEND)
    assert caught.value.metadata == {"state": "CANCELLED"}


def test_a_refusal_says_what_can_be_done() -> None:
    with pytest.raises(SignetError, match="is APPLIED and cannot be made: it can be reviewed, or"):
        life.after("x", A, Act.MAKE)


def test_one_who_came_too_late_is_told_the_state_now() -> None:
    error = life.overtaken("x", S)
    assert error.reason is Reason.SEAL_STATE_WRONG
    assert "by somebody else meanwhile. It is SUSPENDED now: it can be resumed" in error.message
