"""Identities are changed by the rules that keep somebody in charge."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from signetd.daemon.policy.types import ADMINISTRATORS, Credential, Role
from signetd.daemon.state.grants import create_grant, delete_grant
from signetd.daemon.state.groups import set_group
from signetd.daemon.state.identities import (
    add_first_security_admin,
    create_identity,
    delete_identity,
    first_security_admin,
    update_identity,
)
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.policy.values import grant, group, identity
from tests.unit.daemon.state.access_changes import MOMENT, Changes

LATER = datetime(2026, 12, 1, tzinfo=UTC)
ADMIN = identity("root", Role.SECURITY_ADMIN)


def refused(changes: Changes, reason: Reason, *effects: Any, says: str = "app") -> None:
    """The effects are refused, and nothing at all is changed."""
    before = changes.store.snapshot()
    with pytest.raises(SignetError, match=says) as caught:
        changes.make(*effects)
    assert caught.value.reason is reason
    after = changes.store.snapshot()
    assert (after.version, after.identities) == (before.version, before.identities)


def test_an_identity_is_kept_with_every_field(changes: Changes) -> None:
    wanted = identity(
        "https://例.test/app",
        Role.SIGNER,
        Role.AUDITOR,
        credential=Credential.URI,
        certificate_sha256="a" * 64,
        disabled=True,
    )
    found = changes.make(create_identity(wanted)).identity(wanted.name)
    assert found == msgspec.structs.replace(wanted, create_time=MOMENT, update_time=MOMENT)


def test_a_name_is_there_once(changes: Changes) -> None:
    changes.make(create_identity(identity()))
    refused(changes, Reason.IDENTITY_EXISTS, create_identity(identity("app", Role.AUDITOR)))


def test_every_change_counts_the_version_up(changes: Changes) -> None:
    versions = [
        changes.store.version(),
        changes.make(create_identity(identity())).version,
        changes.make(update_identity(identity(disabled=True), identity())).version,
        changes.make(delete_identity("app")).version,
    ]
    assert versions == [1, 2, 3, 4]


def test_an_update_replaces_roles_certificate_and_state_only(changes: Changes) -> None:
    changes.make(create_identity(identity()))
    wanted = identity(
        "app",
        Role.AUDITOR,
        credential=Credential.SOCKET,
        certificate_sha256="b" * 64,
        disabled=True,
    )
    found = changes.make(update_identity(wanted, identity()), moment=LATER).identity("app")
    assert found == msgspec.structs.replace(
        wanted, credential=Credential.COMMON_NAME, create_time=MOMENT, update_time=LATER
    )


@pytest.mark.parametrize("now", [{"disabled": True}, {"certificate_sha256": "c" * 64}])
def test_an_update_does_not_undo_what_it_has_not_seen(changes: Changes, now: Any) -> None:
    """Who was disabled or pinned meanwhile would come back without the approval for that."""
    changes.make(create_identity(identity("app", Role.AUDITOR)))
    changes.make(
        update_identity(identity("app", Role.AUDITOR, **now), identity("app", Role.AUDITOR))
    )
    same = identity("app", Role.AUDITOR)
    refused(changes, Reason.POLICY_CHANGED, update_identity(same, same), says="in the meantime")


def test_an_update_of_nobody(changes: Changes) -> None:
    refused(changes, Reason.IDENTITY_NOT_FOUND, update_identity(identity(), identity()))


def test_an_update_that_was_judged_by_other_roles_is_refused(changes: Changes) -> None:
    """Else a role that was just taken away would come back without its approval."""
    changes.make(create_identity(identity("app", Role.SIGNER)))
    was = identity("app", Role.AUDITOR)
    refused(changes, Reason.POLICY_CHANGED, update_identity(was, was), says="in the meantime")


@pytest.mark.parametrize("changed", [{"disabled": True}, {"certificate_sha256": "b" * 64}])
def test_an_update_that_was_judged_by_another_state_or_certificate_is_refused(
    changed: dict[str, Any], changes: Changes
) -> None:
    """Else an administrator who was just disabled would come back without an approval."""
    changes.make(create_identity(ADMIN))
    seen = identity("app", Role.SECURITY_ADMIN)
    changes.make(create_identity(msgspec.structs.replace(seen, **changed)))
    refused(changes, Reason.POLICY_CHANGED, update_identity(seen, seen), says="in the meantime")


@pytest.mark.parametrize("first", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("second", sorted(ADMINISTRATORS))
def test_one_identity_has_one_administrators_role(
    first: Role, second: Role, changes: Changes
) -> None:
    both = identity("app", first, second, Role.SIGNER)
    if first is second:
        changes.make(create_identity(both))
        return
    refused(changes, Reason.ROLES_CONFLICT, create_identity(both), says="at most one")
    changes.make(create_identity(ADMIN), create_identity(identity("app", first)))
    change = update_identity(both, identity("app", first))
    refused(changes, Reason.ROLES_CONFLICT, change, says="at most one")


def test_an_identity_has_a_role(changes: Changes) -> None:
    nothing = identity(roles=frozenset())
    refused(changes, Reason.INPUT_INVALID, create_identity(nothing), says="at least one")


def test_an_identity_is_not_named_as_a_group(changes: Changes) -> None:
    named = identity("groups/board")
    refused(changes, Reason.INPUT_INVALID, create_identity(named), says="how a group is named")


def test_a_socket_has_no_certificate(changes: Changes) -> None:
    wrong = identity(credential=Credential.SOCKET, certificate_sha256="a" * 64)
    refused(changes, Reason.INPUT_INVALID, create_identity(wrong), says="leave .* empty")


@pytest.mark.parametrize(
    "change",
    [
        delete_identity("root"),
        update_identity(msgspec.structs.replace(ADMIN, disabled=True), ADMIN),
        update_identity(identity("root", Role.SIGNER), ADMIN),
        update_identity(identity("root", Role.AUDITOR), ADMIN),
    ],
    ids=["deleted", "disabled", "a signer", "an auditor"],
)
def test_the_last_security_administrator_stays(change: Any, changes: Changes) -> None:
    changes.make(create_identity(ADMIN))
    changes.make(create_identity(identity("off", Role.SECURITY_ADMIN, disabled=True)))
    changes.make(create_identity(identity("other", Role.SYSTEM_ADMIN)))
    refused(changes, Reason.ROLES_CONFLICT, change, says="last security administrator")
    changes.make(create_identity(identity("second", Role.SECURITY_ADMIN)))
    changes.make(change)


def test_the_last_one_may_be_changed_otherwise(changes: Changes) -> None:
    changes.make(create_identity(ADMIN))
    more = identity("root", Role.SECURITY_ADMIN, Role.SIGNER, certificate_sha256="c" * 64)
    found = changes.make(update_identity(more, ADMIN)).identity("root")
    assert found is not None
    assert found.roles == {Role.SECURITY_ADMIN, Role.SIGNER}


def test_who_has_grants_is_not_deleted(changes: Changes) -> None:
    changes.make(create_identity(identity()), create_grant(grant("g1")))
    refused(changes, Reason.IDENTITY_IN_USE, delete_identity("app"), says="grants/g1")
    changes.make(delete_grant("g1"), delete_identity("app"))


def test_who_is_deleted_is_in_no_group(changes: Changes) -> None:
    changes.make(create_identity(identity("a")), create_identity(identity("b")))
    changes.make(set_group(group("some", "a", "b")))
    assert changes.make(delete_identity("a")).groups == (group("some", "b"),)
    refused(changes, Reason.IDENTITY_NOT_FOUND, delete_identity("a"), says="no identity 'a'")


def first(changes: Changes, name: str) -> bool:
    with changes.engine.begin() as connection:
        return add_first_security_admin(connection, MOMENT, name=name, credential=Credential.SOCKET)


def test_the_first_security_administrator_is_added_once(changes: Changes) -> None:
    changes.make(create_identity(identity()))
    assert first(changes, "root")
    version = changes.store.version()
    assert not first(changes, "another")
    found = changes.make(first_security_admin("another", Credential.SOCKET))
    assert found.version == version
    assert [each.name for each in found.identities] == ["app", "root"]
    root = found.identity("root")
    assert root is not None
    assert root.roles == {Role.SECURITY_ADMIN}
    assert root.credential is Credential.SOCKET


def test_a_signer_can_become_the_first_security_administrator(changes: Changes) -> None:
    changes.make(create_identity(identity("root", disabled=True)))
    assert first(changes, "root")
    root = changes.store.snapshot().identity("root")
    assert root is not None
    assert root.roles == {Role.SECURITY_ADMIN, Role.SIGNER}
    assert not root.disabled


def test_an_auditor_cannot(changes: Changes) -> None:
    changes.make(create_identity(identity("root", Role.AUDITOR)))
    with pytest.raises(SignetError, match="at most one"):
        first(changes, "root")
