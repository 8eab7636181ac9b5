"""Groups: their members, and what keeps one from being deleted."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert

from signetd.daemon.approvals.types import ApprovalState
from signetd.daemon.keys import KeyState, RegisteredKey
from signetd.daemon.policy.types import ApprovalRule, KeyPolicy
from signetd.daemon.state.access_rows import identity_values
from signetd.daemon.state.access_tables import IDENTITIES
from signetd.daemon.state.grants import create_grant, delete_grant
from signetd.daemon.state.groups import delete_group, set_group
from signetd.daemon.state.identities import create_identity
from signetd.daemon.state.keys import KeyStore
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.policy.values import grant, group, identity
from tests.unit.daemon.state.access_changes import MOMENT, Changes

RULE = ApprovalRule(count=1, group="boss")
HOUR = timedelta(hours=1)


@pytest.fixture
def boss(changes: Changes) -> Changes:
    """A group `boss` with a member, and another identity."""
    for name in ("app", "other"):
        changes.make(create_identity(identity(name)))
    changes.make(set_group(group("boss", "app")))
    return changes


def in_use(changes: Changes, by: str) -> None:
    before = changes.store.version()
    with pytest.raises(SignetError, match=f"{by} names it") as caught:
        changes.make(delete_group("boss"))
    assert caught.value.reason is Reason.GROUP_IN_USE
    assert changes.store.version() == before


def test_members_are_replaced(boss: Changes) -> None:
    version = boss.store.version()
    found = boss.make(set_group(group("boss", "other")))
    assert found.groups == (group("boss", "other"),)
    assert boss.make(set_group(group("boss"))).groups == (group("boss"),)
    assert boss.make(delete_group("boss")).groups == ()
    assert boss.store.version() == version + 3


def test_members_must_be_known(boss: Changes) -> None:
    with pytest.raises(SignetError, match=r"no identity 'nobody'.* add it first") as caught:
        boss.make(set_group(group("boss", "other", "nobody")))
    assert caught.value.reason is Reason.IDENTITY_NOT_FOUND
    assert boss.store.snapshot().groups == (group("boss", "app"),)


def test_a_group_can_be_large(boss: Changes) -> None:
    names = [f"member-{number}" for number in range(1500)]
    rows = [identity_values(identity(name)) for name in names]
    with boss.engine.begin() as connection:
        connection.execute(insert(IDENTITIES), rows)
    found = boss.make(set_group(group("many", *names))).group("many")
    assert found is not None
    assert found.members == set(names)


def test_a_group_there_is_not(changes: Changes) -> None:
    with pytest.raises(SignetError, match="groups/boss") as caught:
        changes.make(delete_group("boss"))
    assert caught.value.reason is Reason.GROUP_NOT_FOUND


def test_a_grant_to_the_group_holds_it(boss: Changes) -> None:
    boss.make(create_grant(grant("g1", group="boss")))
    in_use(boss, "grants/g1")
    boss.make(delete_grant("g1"), delete_group("boss"))


def test_a_grant_that_asks_for_its_approval_holds_it(boss: Changes) -> None:
    boss.make(create_grant(grant("g1", approval=RULE)))
    in_use(boss, "grants/g1")


def test_the_policy_of_a_key_holds_it(
    boss: Changes, make_key: Callable[..., RegisteredKey]
) -> None:
    keys = KeyStore(boss.engine)
    key = make_key("seal", policy=KeyPolicy(approval=RULE))
    keys.add(key)
    in_use(boss, "keys/seal")
    keys.update(msgspec.structs.replace(key, state=KeyState.DESTROYED), key)
    boss.make(delete_group("boss"))


@pytest.mark.parametrize("state", ApprovalState)
def test_an_open_approval_holds_it(state: ApprovalState, boss: Changes) -> None:
    boss.ask_approval(state, '[{"count":1},{"count":2,"group":"boss"}]', MOMENT + HOUR)
    if state in (ApprovalState.PENDING, ApprovalState.APPROVED):
        in_use(boss, "approvals/a1")
    else:
        boss.make(delete_group("boss"))


def test_an_approval_whose_time_is_over_does_not(boss: Changes) -> None:
    boss.ask_approval(ApprovalState.PENDING, '[{"count":1,"group":"boss"}]', MOMENT)
    boss.make(delete_group("boss"))


def test_another_group_in_a_rule_does_not(boss: Changes) -> None:
    boss.make(set_group(group("others")))
    boss.make(create_grant(grant("g1", approval=ApprovalRule(count=1, group="others"))))
    boss.make(delete_group("boss"))
