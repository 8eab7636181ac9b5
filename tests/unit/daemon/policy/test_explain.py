"""An explanation agrees with the decision, and names everything that was looked at."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.keys.types import KeyState, RegisteredKey
from signetd.daemon.policy.evaluate import decide
from signetd.daemon.policy.explain import Explanation, charges_asked, explain
from signetd.daemon.policy.types import (
    ApprovalRule,
    KeyPolicy,
    KeyPurpose,
    Operation,
    Period,
    Role,
    UseLimit,
)
from signetd.daemon.policy.use import Use
from signetd.drivers.types import Algorithm
from tests.unit.daemon.policy.strategies import SETTINGS, SIGNING, USES, WORLDS, World
from tests.unit.daemon.policy.values import KEY, NOW, deny, grant, group, identity, snapshot, use

DAILY = UseLimit(count=5, period=Period.DAY)
TWO = ApprovalRule(count=2, group="boss")


def explained(
    *grants: Any, key: RegisteredKey | None = KEY, used: Any = None, who: Any = None, **changes: Any
) -> Explanation:
    world = snapshot(*grants, identities=[who or identity()])
    return explain(world, use(**changes), key, used or {})


def lines(found: Explanation) -> list[tuple[str, bool, str]]:
    return [(each.grant, each.supports, each.text) for each in found.findings]


def key(**changes: Any) -> RegisteredKey:
    return msgspec.structs.replace(KEY, **changes)


def test_a_permission() -> None:
    found = explained(grant(keys="se*", digest_only=True))
    assert (found.allowed, found.summary) == (True, "Yes: grants/g1 allows it.")
    assert ("g1", True, "allows SIGN with keys/se* to 'app'") in lines(found)
    assert ("g1", True, "holds: only for digests, not for whole messages") in lines(found)
    assert all(supports for _, supports, _ in lines(found))


def test_nothing_is_allowed_without_a_grant() -> None:
    found = explained()
    assert not found.allowed
    assert "no grant allows it" in found.summary
    assert ("", False, "no grant allows it") in lines(found)


def test_a_condition_that_does_not_hold_is_named() -> None:
    found = explained(grant(digest_only=True, not_before=NOW), digest_given=False)
    assert not found.allowed
    assert ("g1", True, "holds: only from 2026-11-25T13:45:30Z on") in lines(found)
    assert ("g1", False, "does not hold: only for digests, not for whole messages") in lines(found)
    whole = next(text for name, _, text in lines(found) if name == "g1")
    assert "does not count" in whole


def test_a_prohibition_is_named() -> None:
    found = explained(grant(), deny("d7"))
    assert (found.allowed, "grants/d7 forbids it" in found.summary) == (False, True)
    assert ("d7", False, "forbids SIGN with keys/* to 'app'") in lines(found)


def test_a_prohibition_that_does_not_count_speaks_for_the_use() -> None:
    found = explained(grant(), deny(digest_only=True), digest_given=False)
    assert found.allowed
    verdicts = {supports for name, supports, _ in lines(found) if name == "d1"}
    assert verdicts == {True}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"who": identity(disabled=True)}, "the identity is disabled"),
        ({"who": identity("app", Role.AUDITOR)}, "lacks the role signer"),
        ({"who": identity("another")}, "there is no identity 'app'"),
        ({"key": key(state=KeyState.DISABLED)}, "the key is in the state DISABLED"),
        ({"key": key(purpose=KeyPurpose.SEALING)}, "the key is for SEALING"),
        ({"key": key(purpose=KeyPurpose.AUDIT)}, "the key is for AUDIT"),
        ({"algorithm": Algorithm.ED25519}, "ED25519 does not suit"),
        (
            {"key": key(policy=KeyPolicy(algorithms=frozenset({Algorithm.ED25519})))},
            "may be used with ED25519; not with others",
        ),
    ],
)
def test_what_else_stands_in_the_way(changes: Any, said: str) -> None:
    found = explained(grant(), **changes)
    assert not found.allowed
    assert said in found.summary


def test_a_stamp_is_for_keys_of_seals() -> None:
    sealing = key(purpose=KeyPurpose.SEALING)
    stamp = {"operation": Operation.STAMP, "purpose": KeyPurpose.SEALING}
    assert explained(grant(), key=sealing, **stamp).allowed
    found = explained(grant(), operation=Operation.STAMP)
    assert "the key is for SIGNING; keys for SEALING stamp with seals" in found.summary
    found = explained(grant(), key=sealing, who=identity("app", Role.AUDITOR), **stamp)
    assert "lacks the role signer" in found.summary
    disabled = key(purpose=KeyPurpose.SEALING, state=KeyState.DISABLED)
    assert "DISABLED" in explained(grant(), key=disabled, **stamp).summary


def test_limits_and_approvals_hold_for_stamps() -> None:
    sealing = key(purpose=KeyPurpose.SEALING, policy=KeyPolicy(limits=(DAILY,), approval=TWO))
    stamp = {"operation": Operation.STAMP, "purpose": KeyPurpose.SEALING}
    asked = charges_asked(snapshot(grant(limits=(DAILY,))), use(**stamp), sealing)
    assert {each.scope for each in asked} == {"keys/seal", "grants/g1"}
    found = explained(grant(), key=sealing, **stamp)
    assert found.approvals == (TWO,)
    assert any("each stamp needs 2 approvals of groups/boss" in line for *_, line in lines(found))
    used = {(each.scope, each.window): 5 for each in asked}
    assert not explained(grant(), key=sealing, used=used, **stamp).allowed


def test_a_key_that_does_not_sign_is_still_read_and_verified_with() -> None:
    still = key(state=KeyState.DESTROYED, policy=KeyPolicy(limits=(DAILY,), approval=TWO))
    for operation in (Operation.READ, Operation.VERIFY):
        found = explained(grant(limits=(DAILY,), approval=TWO), key=still, operation=operation)
        assert (found.allowed, found.approvals) == (True, ())
        assert (
            charges_asked(snapshot(grant(limits=(DAILY,))), use(operation=operation), still) == []
        )


def test_limits_are_looked_at_as_they_are() -> None:
    world = snapshot(grant(limits=(DAILY,)))
    (of_key, of_grant) = charges_asked(world, use(), KEY)
    assert (of_key.scope, of_grant.scope) == ("keys/seal", "grants/g1")
    day = {("grants/g1", "2026-11-25"): 4}
    found = explained(grant(limits=(DAILY,)), used=day)
    assert found.allowed
    assert ("g1", True, "the grant has 4 of 5 uses in 2026-11-25 (UTC)") in lines(found)
    day["grants/g1", "2026-11-25"] = 5
    found = explained(grant(limits=(DAILY,)), used=day)
    assert (found.allowed, "limits of every grant" in found.summary) == (False, True)
    assert ("g1", False, "the grant has 5 of 5 uses in 2026-11-25 (UTC)") in lines(found)


def test_the_limit_of_a_key_holds_for_every_grant() -> None:
    limited = key(policy=KeyPolicy(limits=(UseLimit(count=3, period=Period.EVER),)))
    found = explained(grant(), key=limited, used={("keys/seal", ""): 3})
    assert (found.allowed, "the key has 3 of 3 uses in all" in found.summary) == (False, True)


def test_approvals_are_those_of_the_alternative_that_would_be_taken() -> None:
    grants = (grant("g1", limits=(DAILY,)), grant("g2", approval=TWO))
    assert explained(*grants).approvals == ()
    found = explained(*grants, used={("grants/g1", "2026-11-25"): 5})
    assert (found.allowed, found.approvals) == (True, (TWO,))
    assert "once it is approved" in found.summary
    of_key = ApprovalRule(count=1)
    found = explained(grant(approval=TWO), key=key(policy=KeyPolicy(approval=of_key)))
    assert found.approvals == (of_key, TWO)


def test_too_few_who_may_approve_are_told() -> None:
    """The one who asks does not count, and who is disabled does not either."""
    people = [identity(name) for name in ("app", "a", "b")] + [identity("off", disabled=True)]
    for members, several, enough in ((("app", "a", "off"), 1, False), (("a", "b"), 2, True)):
        world = snapshot(grant(approval=TWO), identities=people, groups=[group("boss", *members)])
        text = f"each signature needs 2 approvals of groups/boss, of whom {several} may approve"
        of_key = key(policy=KeyPolicy(approval=TWO))
        found = lines(explain(world, use(), of_key, {}))
        assert ("g1", enough, text) in found
        assert ("", enough, text) in found


def test_there_need_not_be_a_key() -> None:
    found = explained(grant(), key=None)
    assert found.allowed
    assert "there is no key 'seal'" in lines(found)[2][2]


@SETTINGS
@given(WORLDS, USES, st.integers(0, 3))
def test_it_agrees_with_the_decision(world: World, asked: Use, count: int) -> None:
    """Without a key in the way it is allowed just when some alternative has room."""
    snapshot_ = world.snapshot()
    used = {(each.scope, each.window): count for each in charges_asked(snapshot_, asked, None)}
    found = explain(snapshot_, asked, None, used)
    decision = decide(snapshot_, asked)
    free = [
        option
        for option in decision.alternatives
        if asked.operation not in SIGNING or all(count < limit.count for limit in option.limits)
    ]
    assert found.allowed is bool(free)
    if free:
        rules = (free[0].approval,) if asked.operation in SIGNING else ()
        assert found.approvals == tuple(rule for rule in rules if rule is not None)
        assert f"grants/{free[0].grant_id} " in found.summary
    else:
        assert found.summary.startswith("No: ")


@SETTINGS
@given(WORLDS, USES)
def test_each_grant_that_is_about_it_is_named(world: World, asked: Use) -> None:
    found = explain(world.snapshot(), asked, None, {})
    named = {each.grant for each in found.findings if each.grant}
    assert named == {each.id for each in world.grants if world.about(each, asked)}
