"""Finds the grants that are about an identity, a key and an operation, however many there are."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from signetd.daemon.policy.pattern import Pattern
from signetd.daemon.policy.types import Grant, GrantEffect, Operation

MAX_CACHED: Final = 65536
"""How many answers are kept; the oldest goes first. Some 100 bytes each, beside its grants."""


class Candidates(msgspec.Struct, frozen=True):
    """The grants to look at: prohibitions, and permissions in the order they are to be used.

    ``timeless``: none of them has a condition about the time.
    """

    denies: tuple[Grant, ...] = ()
    allows: tuple[Grant, ...] = ()
    timeless: bool = True


_NONE: Final = Candidates()


class _Subject:
    """The grants of one identity or group, by the keys they are about."""

    def __init__(self) -> None:
        self._exact: defaultdict[str, list[Grant]] = defaultdict(list)
        self._patterns: defaultdict[str, list[tuple[Pattern, Grant]]] = defaultdict(list)

    def add(self, grant: Grant) -> None:
        pattern = Pattern(grant.keys)
        if pattern.exact:
            self._exact[grant.keys].append(grant)
        else:
            self._patterns[pattern.prefix].append((pattern, grant))

    def about(self, key_id: str) -> list[Grant]:
        found = list(self._exact.get(key_id, ()))
        for length in range(len(key_id) + 1):
            for pattern, grant in self._patterns.get(key_id[:length], ()):
                if pattern.matches(key_id):
                    found.append(grant)
        return found


class GrantIndex:
    """The grants by subject and key. ``groups`` are the groups of each identity, by its name."""

    def __init__(self, grants: Iterable[Grant], groups: Mapping[str, Iterable[str]]) -> None:
        self._identities: defaultdict[str, _Subject] = defaultdict(_Subject)
        self._groups: defaultdict[str, _Subject] = defaultdict(_Subject)
        self._groups_of = groups
        self._cache: OrderedDict[tuple[str, str, Operation], Candidates] = OrderedDict()
        for grant in grants:
            if grant.group:
                self._groups[grant.group].add(grant)
            else:
                self._identities[grant.identity].add(grant)

    def candidates(self, identity: str, key_id: str, operation: Operation) -> Candidates:
        """Return the grants for *identity* that are about the operation with the key."""
        asked = (identity, key_id, operation)
        found = self._cache.get(asked)
        if found is None:
            found = _sorted(
                grant for grant in self._about(identity, key_id) if operation in grant.operations
            )
            if len(self._cache) >= MAX_CACHED:
                self._cache.popitem(last=False)
            self._cache[asked] = found
        return found

    def _about(self, identity: str, key_id: str) -> list[Grant]:
        subjects = [self._identities.get(identity)]
        subjects += [self._groups.get(group) for group in self._groups_of.get(identity, ())]
        return [grant for subject in subjects if subject for grant in subject.about(key_id)]


def _sorted(grants: Iterable[Grant]) -> Candidates:
    ordered = sorted(grants, key=_order)
    if not ordered:
        return _NONE
    return Candidates(
        denies=tuple(grant for grant in ordered if grant.effect is GrantEffect.DENY),
        allows=tuple(grant for grant in ordered if grant.effect is not GrantEffect.DENY),
        timeless=all(map(_is_timeless, ordered)),
    )


def _is_timeless(grant: Grant) -> bool:
    about = grant.conditions
    return about.not_before is None and about.not_after is None and about.schedule is None


def _order(grant: Grant) -> tuple[bool, bool, datetime, str]:
    # What costs the holder least is used first; what is left is the order of their making.
    conditions = grant.conditions
    return (
        conditions.approval is not None,
        bool(conditions.limits),
        grant.create_time,
        grant.id,
    )
