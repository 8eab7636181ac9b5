"""What a grant allows and forbids, condition by condition, and in which order grants are used."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from signetd.daemon.policy.evaluate import Option, decide, visible
from signetd.daemon.policy.types import (
    ApprovalRule,
    GrantEffect,
    KeyPurpose,
    Operation,
    Period,
    Role,
    UseLimit,
)
from signetd.drivers.types import Algorithm
from tests.unit.daemon.policy.values import (
    NOW,
    deny,
    grant,
    group,
    identity,
    snapshot,
    use,
)

SECOND = timedelta(seconds=1)
LIMIT = UseLimit(count=5, period=Period.DAY)


def allowed(*grants: Any, **changes: Any) -> bool:
    return decide(snapshot(*grants), use(**changes)).allowed


def test_without_a_grant_nothing_is_allowed() -> None:
    assert not any(allowed(operation=operation) for operation in Operation)


def test_a_grant_allows_its_operations_only() -> None:
    sign = grant(operations=frozenset({Operation.SIGN}))
    assert allowed(sign)
    assert not allowed(sign, operation=Operation.VERIFY)
    assert not allowed(sign, operation=Operation.READ)


def test_a_grant_is_for_its_identity_only() -> None:
    world = snapshot(grant(), identities=[identity("app"), identity("another")])
    assert decide(world, use()).allowed
    assert not decide(world, use(identity="another")).allowed
    assert not decide(world, use(identity="nobody")).allowed


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("*", "seal", True),
        ("seal", "seal", True),
        ("seal", "seal-2", False),
        ("seal", "a-seal", False),
        ("invoice-*", "invoice-7", True),
        ("invoice-*", "invoice-", True),
        ("invoice-*", "invoice", False),
        ("*-7", "invoice-7", True),
        ("*-7", "invoice-71", False),
        ("a*b*c", "abc", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "acb", False),
        ("a*a", "a", False),
        ("a**a", "aa", True),
        ("ab*ba", "aba", False),
    ],
)
def test_keys_are_named_by_patterns(pattern: str, key: str, matches: bool) -> None:
    assert allowed(grant(keys=pattern), key_id=key) is matches


def test_a_pattern_with_many_wildcards_is_quick() -> None:
    """As a regular expression it would not end within a lifetime."""
    assert not allowed(grant(keys="*a" * 30 + "*b"), key_id="a" * 63)


def test_a_grant_to_a_group_is_for_its_members() -> None:
    world = snapshot(
        grant(group="finance"),
        identities=[identity("app"), identity("another")],
        groups=[group("finance", "app"), group("others", "another")],
    )
    assert decide(world, use()).allowed
    assert not decide(world, use(identity="another")).allowed


def test_who_is_disabled_may_nothing() -> None:
    world = snapshot(grant(), identities=[identity(disabled=True)])
    assert not any(decide(world, use(operation=each)).allowed for each in Operation)


def test_only_signers_sign() -> None:
    world = snapshot(grant(), identities=[identity("app", Role.AUDITOR)])
    assert not decide(world, use()).allowed
    assert decide(world, use(operation=Operation.READ)).allowed


@pytest.mark.parametrize("effect", GrantEffect)
@pytest.mark.parametrize(
    ("condition", "holds", "fails"),
    [
        (
            {"purposes": frozenset({KeyPurpose.SIGNING})},
            {"purpose": KeyPurpose.SIGNING},
            {"purpose": KeyPurpose.SEALING},
        ),
        (
            {"algorithms": frozenset({Algorithm.SM2_SM3})},
            {"algorithm": Algorithm.SM2_SM3},
            {"algorithm": Algorithm.ED25519},
        ),
        ({"not_before": NOW}, {"moment": NOW}, {"moment": NOW - SECOND}),
        ({"not_after": NOW}, {"moment": NOW - SECOND}, {"moment": NOW}),
        ({"digest_only": True}, {"digest_given": True}, {"digest_given": False}),
    ],
)
def test_a_grant_counts_when_its_condition_holds(
    effect: GrantEffect, condition: Any, holds: Any, fails: Any
) -> None:
    grants = [grant("g2", effect=effect, **condition)]
    if effect is GrantEffect.DENY:
        grants.append(grant("g1"))
    allows = effect is GrantEffect.ALLOW
    assert allowed(*grants, **holds) is allows
    assert allowed(*grants, **fails) is not allows


def test_all_conditions_must_hold() -> None:
    both: dict[str, Any] = {"digest_only": True, "not_before": NOW}
    assert allowed(grant(**both))
    assert not allowed(grant(**both), digest_given=False)
    assert not allowed(grant(**both), moment=NOW - SECOND)
    assert allowed(grant(), deny(**both), digest_given=False)
    assert not allowed(grant(), deny(**both))


@pytest.mark.parametrize(
    ("condition", "unknown"),
    [
        ({"purposes": frozenset({KeyPurpose.SIGNING})}, {"purpose": None}),
        ({"algorithms": frozenset({Algorithm.SM2_SM3})}, {"algorithm": None}),
    ],
)
def test_what_is_not_known_never_helps(condition: Any, unknown: Any) -> None:
    assert not allowed(grant(**condition), **unknown)
    assert not allowed(grant(), deny(**condition), **unknown)
    assert allowed(grant(), **unknown)


def test_reading_has_no_algorithm_and_no_message() -> None:
    """A grant to read and to sign digests with SM2 lets its holder read."""
    narrow = grant(algorithms=frozenset({Algorithm.SM2_SM3}), digest_only=True)
    assert allowed(narrow, operation=Operation.READ, algorithm=None, digest_given=False)


def test_a_prohibition_wins_whoever_it_is_for() -> None:
    world = snapshot(grant(), deny("d2", group="all", keys="se*"), groups=[group("all", "app")])
    decision = decide(world, use())
    assert (decision.allowed, decision.denied_by, decision.alternatives) == (False, "d2", ())
    assert decide(world, use(key_id="other")).allowed


def test_alternatives_are_in_the_order_of_what_they_ask() -> None:
    rule = ApprovalRule(count=2, group="boss")
    world = snapshot(
        grant("g1", limits=(LIMIT,), approval=rule),
        grant("g2", approval=rule),
        grant("g3", limits=(LIMIT,)),
        grant("g5"),
        grant("g4"),
    )
    decision = decide(world, use())
    assert decision.version == 7
    assert [each.grant_id for each in decision.alternatives] == ["g4", "g5", "g3", "g2", "g1"]
    assert decision.alternatives[-1] == Option(grant_id="g1", limits=(LIMIT,), approval=rule)


def test_a_refusal_does_not_tell_whether_there_is_the_key() -> None:
    world = snapshot(deny("d1", keys="seal"), grant("g1", keys="seal"))
    forbidden = decide(world, use()).refusal
    missing = decide(world, use(key_id="none", purpose=None, algorithm=None)).refusal
    assert missing == forbidden.replace("'seal'", "'none'")
    assert "'app' may not sign" in forbidden


def test_a_key_is_visible_to_who_may_read_it() -> None:
    world = snapshot(grant(operations=frozenset({Operation.READ}), keys="seal"))
    assert visible(world, "app", "seal", KeyPurpose.SIGNING, NOW)
    assert not visible(world, "app", "other", KeyPurpose.SIGNING, NOW)
    assert not visible(
        snapshot(grant(operations=frozenset({Operation.SIGN}))), "app", "seal", None, NOW
    )


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        use(moment=datetime(2026, 1, 1))
