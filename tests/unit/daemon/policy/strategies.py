"""Identities, groups, grants and uses at random, few enough to meet each other often."""

from datetime import time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import (
    ApprovalRule,
    Conditions,
    Grant,
    GrantEffect,
    Group,
    Identity,
    KeyPurpose,
    Operation,
    Period,
    Role,
    Schedule,
    UseLimit,
)
from signetd.daemon.policy.use import Use
from signetd.drivers.types import Algorithm
from tests.unit.daemon.policy.values import BEGIN, NOW, identity, use

SETTINGS = settings(max_examples=60, deadline=None)  # what else runs must not make them fail
NAMES = ("app", "other")
GROUPS = ("finance", "staff")
KEYS = ("ab-1", "ab", "a", "b-1")
PATTERNS = ("*", "*", "*", "a*", "a*", "ab", "ab-1", "*1", "a*1", "*b*", "a*b*-*", "b-2")
ALGORITHMS = (Algorithm.SM2_SM3, Algorithm.ED25519)
PURPOSES = (KeyPurpose.SIGNING, KeyPurpose.SEALING)
OPERATIONS = st.sampled_from((Operation.SIGN, Operation.STAMP, *Operation))
SIGNING = (Operation.SIGN, Operation.STAMP)
"""What needs the role of a signer, and is counted and approved."""
EFFECTS = (*[GrantEffect.ALLOW] * 4, GrantEffect.DENY)
MOMENTS = st.builds(lambda hours: NOW + timedelta(hours=hours), st.integers(-200, 200))


def some(values: Any) -> st.SearchStrategy[Any]:
    return st.frozensets(st.sampled_from(values))


def seldom(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """None five times of six; ``one_of`` would take equal strategies for one."""
    return st.sampled_from(range(6)).flatmap(lambda n: strategy if n == 5 else st.none())


HOURS = st.builds(time, st.integers(0, 23))
SCHEDULES = st.builds(
    Schedule,
    weekdays=some(range(1, 8)),
    start=HOURS,
    end=HOURS,
    time_zone=st.sampled_from(["UTC", "Asia/Shanghai", "Europe/Berlin", "Mars/Base"]),
)
LIMITS = st.lists(
    st.builds(UseLimit, count=st.integers(1, 3), period=st.sampled_from(Period)),
    max_size=2,
    unique_by=lambda limit: limit.period,
).map(tuple)
RULES = st.builds(ApprovalRule, count=st.integers(1, 3))


@st.composite
def grants(draw: st.DrawFn, effects: Any = EFFECTS) -> Grant:
    effect = draw(st.sampled_from(effects))
    allows = effect is GrantEffect.ALLOW
    to_group = draw(st.booleans())
    return Grant(
        id=f"g{draw(st.integers(1, 10**6))}",
        identity="" if to_group else draw(st.sampled_from(("app", "app", "other"))),
        group=draw(st.sampled_from(GROUPS)) if to_group else "",
        keys=draw(st.sampled_from(PATTERNS)),
        operations=frozenset({draw(OPERATIONS), draw(OPERATIONS)}),
        effect=effect,
        conditions=Conditions(
            purposes=draw(seldom(some(PURPOSES))) or frozenset(),
            algorithms=draw(seldom(some(ALGORITHMS))) or frozenset(),
            not_before=draw(seldom(MOMENTS)),
            not_after=draw(seldom(MOMENTS)),
            schedule=draw(seldom(SCHEDULES)),
            digest_only=bool(draw(seldom(st.just(True)))),
            limits=draw(LIMITS) if allows else (),
            approval=draw(seldom(RULES)) if allows else None,
        ),
        create_time=BEGIN + timedelta(seconds=draw(st.integers(0, 3))),
        creator="admin",
    )


GRANT_LISTS = st.lists(grants(), min_size=3, max_size=6, unique_by=lambda each: each.id)
IDENTITIES = st.tuples(
    *(
        st.builds(
            identity,
            st.just(name),
            st.sampled_from([*[Role.SIGNER] * 5, Role.AUDITOR]),
            disabled=st.sampled_from([*[False] * 5, True]),
        )
        for name in NAMES
    )
)
MEMBERS = (frozenset(NAMES), frozenset({"app"}), frozenset[str]())
GROUP_LISTS = st.tuples(
    *(st.builds(Group, id=st.just(name), members=st.sampled_from(MEMBERS)) for name in GROUPS)
)
USES = st.builds(
    use,
    identity=st.sampled_from((*["app"] * 5, "other", "nobody")),
    key_id=st.sampled_from(KEYS),
    purpose=st.sampled_from((*PURPOSES * 2, None)),
    operation=OPERATIONS,
    algorithm=st.sampled_from((*ALGORITHMS * 2, None)),
    digest_given=st.booleans(),
    moment=MOMENTS,
)


class World:
    """What a snapshot is made of, so that another one can be made of a part of it."""

    def __init__(
        self, identities: tuple[Identity, ...], groups: tuple[Group, ...], grants: list[Grant]
    ) -> None:
        self.identities, self.groups, self.grants = identities, groups, grants

    def __repr__(self) -> str:
        return f"World({self.identities!r}, {self.groups!r}, {self.grants!r})"

    def snapshot(self, *more: Grant) -> Snapshot:
        return Snapshot(1, self.identities, self.groups, [*self.grants, *more])

    def about(self, grant: Grant, asked: Use) -> bool:
        """Tell by the contract alone whether a grant is about this identity, key and operation."""
        holders = {grant.identity} if grant.identity else self.members(grant.group)
        return (
            asked.identity in holders
            and asked.operation in grant.operations
            and matches(grant.keys, asked.key_id)
        )

    def members(self, name: str) -> frozenset[str]:
        return next(each.members for each in self.groups if each.id == name)


def matches(pattern: str, name: str) -> bool:
    """Match by the definition: a star stands for any characters."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(matches(pattern[1:], name[start:]) for start in range(len(name) + 1))
    return name[:1] == pattern[0] and matches(pattern[1:], name[1:])


WORLDS = st.builds(World, IDENTITIES, GROUP_LISTS, GRANT_LISTS)
