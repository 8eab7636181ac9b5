"""Short ways to write identities, groups, grants and uses, for tests."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from signetd.daemon.keys.types import KeyOrigin, KeyState, RegisteredKey
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import (
    Conditions,
    Credential,
    Grant,
    GrantEffect,
    Group,
    Identity,
    KeyPurpose,
    Operation,
    Role,
)
from signetd.daemon.policy.use import Use
from signetd.drivers.types import Algorithm, KeyType, ProtectionLevel

NOW = datetime(2026, 11, 25, 13, 45, 30, tzinfo=UTC)  # a Wednesday
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ALL = frozenset(Operation)
KEY = RegisteredKey(
    id="seal",
    key_type=KeyType.SM2,
    default_algorithm=Algorithm.SM2_SM3,
    state=KeyState.ENABLED,
    origin=KeyOrigin.ENROLLED,
    version=1,
    token="t",
    token_label="t",
    token_serial="00a1",
    cka_id=b"\x01",
    spki=b"public key of seal",
    protection_level=ProtectionLevel.HARDWARE,
    create_time=BEGIN,
    update_time=BEGIN,
)


def identity(name: str = "app", *roles: Role, **changes: Any) -> Identity:
    made = Identity(
        name=name,
        roles=frozenset(roles or {Role.SIGNER}),
        credential=Credential.COMMON_NAME,
        create_time=BEGIN,
        update_time=BEGIN,
    )
    return msgspec.structs.replace(made, **changes)


def group(group_id: str, *members: str) -> Group:
    return Group(id=group_id, members=frozenset(members))


def grant(grant_id: str = "g1", **changes: Any) -> Grant:
    """A grant to `app` of everything with every key, made the later the higher its number is."""
    conditions = {
        name: changes.pop(name) for name in Conditions.__struct_fields__ if name in changes
    }
    made = Grant(
        id=grant_id,
        identity="" if "group" in changes else "app",
        keys="*",
        operations=ALL,
        conditions=Conditions(**conditions),
        create_time=BEGIN + timedelta(seconds=int(grant_id[1:] or 0)),
        creator="admin",
    )
    return msgspec.structs.replace(made, **changes)


def deny(grant_id: str = "d1", **changes: Any) -> Grant:
    return grant(grant_id, effect=GrantEffect.DENY, **changes)


def use(**changes: Any) -> Use:
    """A signature by `app` with the key `seal`."""
    made = Use(
        identity="app",
        key_id="seal",
        purpose=KeyPurpose.SIGNING,
        operation=Operation.SIGN,
        algorithm=Algorithm.SM2_SM3,
        moment=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def snapshot(*grants: Grant, identities: Iterable[Identity] = (), groups: Any = ()) -> Snapshot:
    return Snapshot(7, identities or [identity()], groups, grants)
