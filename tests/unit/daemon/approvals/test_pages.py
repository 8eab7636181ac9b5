"""Lists of approvals: the newest first, by state, by whom they are shown to, page by page."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from signetd.daemon.approvals.pages import Place, read_token, token_after
from signetd.daemon.approvals.types import Approval, ApprovalState
from signetd.daemon.state import approvals as module
from signetd.daemon.state.approvals import ApprovalStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.approvals.samples import DAY, approval
from tests.unit.daemon.ledgers import START

Shown = Callable[[Approval], bool]


@pytest.fixture
def fill(store: ApprovalStore, engine: Engine) -> Callable[[Sequence[Approval]], None]:
    def make(approvals: Sequence[Approval]) -> None:
        with engine.begin() as connection:
            for one in approvals:
                store.create(one, 1000)(connection, one.create_time)

    return make


def made_at(number: int, **changes: object) -> Approval:
    time = START + timedelta(seconds=number // 3)  # some at the same moment
    values = {"id": f"a{number:04}", "create_time": time, "expire_time": time + DAY, **changes}
    return approval(**{"update_time": time, **values})


def everything(
    store: ApprovalStore,
    size: int,
    shown: Shown = lambda _: True,
    states: Sequence[ApprovalState] = (),
    days: float = 0.5,
) -> list[str]:
    found: list[str] = []
    after: Place | None = None
    while True:
        page, after = store.page(after, size, states, shown, START + days * DAY)
        assert len(page) <= size
        found += [one.id for one in page]
        if after is None:
            return found


@pytest.mark.parametrize("size", [1, 7, 199, 200, 201, 1000])
def test_every_approval_is_on_one_page(
    store: ApprovalStore, fill: Callable[..., None], size: int
) -> None:
    fill([made_at(number) for number in range(205)])
    assert everything(store, size) == [f"a{number:04}" for number in reversed(range(205))]


def test_only_what_may_be_shown(store: ApprovalStore, fill: Callable[..., None]) -> None:
    fill([made_at(number, requester=f"r{number % 5}") for number in range(40)])
    found = everything(store, 3, shown=lambda one: one.requester == "r2")
    assert found == [f"a{number:04}" for number in range(37, 0, -5)]


def test_a_list_looks_at_a_limited_number_of_rows(
    store: ApprovalStore, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 10)
    monkeypatch.setattr(module, "_MOST_ROWS", 20)
    fill([made_at(number) for number in range(50)])
    page, after = store.page(None, 5, (), lambda one: one.id == "a0001", START)
    assert (page, after) == ([], Place(made_at(30).create_time, "a0030"))
    assert everything(store, 5, shown=lambda one: one.id == "a0001") == ["a0001"]


def test_states_are_those_of_the_moment(store: ApprovalStore, fill: Callable[..., None]) -> None:
    states = list(ApprovalState)
    fill([made_at(3 * number, state=state) for number, state in enumerate(states)])

    def in_state(state: ApprovalState, days: float) -> list[str]:
        return [
            states[int(one[1:]) // 3] for one in everything(store, 2, states=[state], days=days)
        ]

    for state in states:
        assert in_state(state, 0.5) == [state]
    assert in_state(ApprovalState.PENDING, 2.0) == in_state(ApprovalState.APPROVED, 2.0) == []
    assert set(in_state(ApprovalState.EXPIRED, 2.0)) == {"PENDING", "APPROVED", "EXPIRED"}
    assert in_state(ApprovalState.USED, 2.0) == ["USED"]


def test_expiry_is_written_when_it_is_over_and_to_open_ones_only(
    store: ApprovalStore, fill: Callable[..., None]
) -> None:
    states = list(ApprovalState)
    fill([made_at(3 * number, state=state) for number, state in enumerate(states)])
    assert store.expire(START + DAY - timedelta(seconds=1)) == []
    written = store.expire(START + 2 * DAY)
    assert sorted(one.id for one in written) == ["a0000", "a0003"]
    for one in written:
        assert (one.state, one.update_time) == (ApprovalState.EXPIRED, one.expire_time)
        assert store.get(one.id) == one
    assert store.expire(START + 3 * DAY) == []


@given(
    time=st.datetimes(timezones=st.just(START.tzinfo)),
    approval_id=st.from_regex(r"[a-z][a-z0-9]{0,31}", fullmatch=True),
)
def test_page_tokens_are_read_as_they_were_written(time: object, approval_id: str) -> None:
    place = Place(time, approval_id)  # type: ignore[arg-type]
    assert read_token(token_after(place)) == place


@given(text=st.text(min_size=1))
def test_other_page_tokens_are_refused(text: str) -> None:
    with pytest.raises(SignetError) as caught:
        read_token(text)
    assert caught.value.reason is Reason.INPUT_INVALID


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_what_expires_is_found_without_reading_every_approval(engine: Engine) -> None:
    """It is looked for every few seconds, and approvals are kept for ever."""
    query = "SELECT id FROM approvals WHERE state IN ('PENDING', 'APPROVED') AND expire_time < 'x'"
    with engine.connect() as connection:
        plan = str(connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all())
    assert "ix_approvals_state" in plan
