"""What holds for every set of grants and every use."""

import random

from hypothesis import given
from hypothesis import strategies as st

from signetd.daemon.policy.conditions import counts
from signetd.daemon.policy.evaluate import decide
from signetd.daemon.policy.pattern import Pattern
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import Grant, GrantEffect, Role
from signetd.daemon.policy.use import Use
from tests.unit.daemon.policy.strategies import (
    SETTINGS,
    SIGNING,
    USES,
    WORLDS,
    World,
    grants,
    matches,
)

ALLOWING = grants(effects=(GrantEffect.ALLOW,))
FORBIDDING = grants(effects=(GrantEffect.DENY,))


def naive(world: World, use: Use) -> list[str] | None:
    """Decide by looking at every grant; the identifiers of those that allow, None for no."""
    who = next((each for each in world.identities if each.name == use.identity), None)
    if who is None or who.disabled:
        return None
    if use.operation in SIGNING and Role.SIGNER not in who.roles:
        return None
    found = [each for each in world.grants if world.about(each, use) and counts(each, use)]
    if any(each.effect is GrantEffect.DENY for each in found):
        return None
    return [each.id for each in sorted(found, key=order)] or None


def order(grant: Grant) -> tuple[object, ...]:
    conditions = grant.conditions
    return bool(conditions.approval), bool(conditions.limits), grant.create_time, grant.id


@SETTINGS
@given(WORLDS, USES)
def test_the_index_finds_what_looking_at_everything_finds(world: World, use: Use) -> None:
    snapshot = world.snapshot()
    expected = naive(world, use)
    for _ in ("found", "remembered"):
        decision = decide(snapshot, use)
        assert decision.allowed is (expected is not None)
        assert [each.grant_id for each in decision.alternatives] == (expected or [])
        assert bool(decision.refusal) is not decision.allowed


@SETTINGS
@given(WORLDS, USES, ALLOWING)
def test_one_more_permission_never_takes_one_away(world: World, use: Use, more: Grant) -> None:
    if decide(world.snapshot(), use).allowed:
        assert decide(world.snapshot(more), use).allowed


@SETTINGS
@given(WORLDS, USES, FORBIDDING)
def test_a_prohibition_that_counts_always_refuses(world: World, use: Use, more: Grant) -> None:
    decision = decide(world.snapshot(more), use)
    if world.about(more, use) and counts(more, use):
        assert not decision.allowed
    else:
        assert decision.allowed is decide(world.snapshot(), use).allowed


@SETTINGS
@given(WORLDS, USES)
def test_without_permissions_everything_is_refused(world: World, use: Use) -> None:
    denies = [each for each in world.grants if each.effect is GrantEffect.DENY]
    assert not decide(Snapshot(1, world.identities, world.groups, denies), use).allowed


@SETTINGS
@given(WORLDS, USES, st.randoms(use_true_random=False))
def test_the_order_of_grants_does_not_matter(
    world: World, use: Use, shuffle: random.Random
) -> None:
    shuffled = list(world.grants)
    shuffle.shuffle(shuffled)
    one = decide(world.snapshot(), use)
    other = decide(Snapshot(1, world.identities, world.groups, shuffled), use)
    assert (one.allowed, one.alternatives) == (other.allowed, other.alternatives)


@SETTINGS
@given(st.text("ab*", max_size=9), st.text("ab", max_size=9))
def test_a_pattern_matches_by_its_definition(pattern: str, name: str) -> None:
    assert Pattern(pattern).matches(name) is matches(pattern, name)
