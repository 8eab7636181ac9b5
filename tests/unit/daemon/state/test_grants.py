"""Grants are kept whole, and name what there is."""

from datetime import UTC, datetime, time
from typing import Any

import msgspec
import pytest

from signetd.daemon.policy.types import (
    ApprovalRule,
    Conditions,
    GrantEffect,
    KeyPurpose,
    Operation,
    Period,
    Schedule,
    UseLimit,
)
from signetd.daemon.state.grants import create_grant, delete_grant
from signetd.daemon.state.groups import set_group
from signetd.daemon.state.identities import create_identity
from signetd.drivers.errors import Reason, SignetError
from signetd.drivers.types import Algorithm
from tests.unit.daemon.policy.values import grant, group, identity
from tests.unit.daemon.state.access_changes import MOMENT, Changes

FULL = Conditions(
    purposes=frozenset(KeyPurpose),
    algorithms=frozenset(Algorithm),
    not_before=datetime(2026, 1, 1, 1, 2, 3, 4, UTC),
    not_after=datetime(2027, 1, 1, tzinfo=UTC),
    schedule=Schedule(
        weekdays=frozenset({1, 7}), start=time(8, 30), end=time(0), time_zone="Asia/Shanghai"
    ),
    digest_only=True,
    limits=(UseLimit(count=10**12, period=Period.EVER),),
    approval=ApprovalRule(count=2, group="boss"),
)


@pytest.fixture
def world(changes: Changes) -> Changes:
    """An identity `app` and an empty group `boss`."""
    changes.make(create_identity(identity()), set_group(group("boss")))
    return changes


@pytest.mark.parametrize("subject", [{"identity": "app"}, {"group": "boss", "identity": ""}])
def test_a_grant_is_kept_with_every_field(subject: Any, world: Changes) -> None:
    wanted = msgspec.structs.replace(
        grant("g1", keys="invoice-*", comment="für 发票", **subject),
        operations=frozenset({Operation.SIGN, Operation.READ}),
        effect=GrantEffect.DENY,
        conditions=FULL,
    )
    version = world.store.version()
    found = world.make(create_grant(wanted))
    assert found.grants == (msgspec.structs.replace(wanted, create_time=MOMENT),)
    assert found.version == version + 1


def test_a_grant_is_deleted(world: Changes) -> None:
    world.make(create_grant(grant("g1")), create_grant(grant("g2")))
    version = world.store.version()
    found = world.make(delete_grant("g1"))
    assert [each.id for each in found.grants] == ["g2"]
    assert found.version == version + 1
    with pytest.raises(SignetError, match="no grant grants/g1") as caught:
        world.make(delete_grant("g1"))
    assert caught.value.reason is Reason.GRANT_NOT_FOUND


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (grant("g1", identity="nobody"), Reason.IDENTITY_NOT_FOUND),
        (grant("g1", group="none"), Reason.GROUP_NOT_FOUND),
        (grant("g1", approval=ApprovalRule(count=1, group="none")), Reason.GROUP_NOT_FOUND),
    ],
)
def test_what_a_grant_names_must_be_there(wrong: Any, reason: Reason, world: Changes) -> None:
    version = world.store.version()
    with pytest.raises(SignetError) as caught:
        world.make(create_grant(wrong))
    assert caught.value.reason is reason
    assert (world.store.version(), world.store.snapshot().grants) == (version, ())


def test_security_administrators_need_no_group_to_approve(world: Changes) -> None:
    world.make(create_grant(grant("g1", approval=ApprovalRule(count=1))))
