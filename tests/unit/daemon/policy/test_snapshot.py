"""Who calls, who is in a group, and what is remembered of the grants."""

import pytest

from signetd.daemon.policy import index
from signetd.daemon.policy.evaluate import decide
from signetd.daemon.policy.snapshot import Snapshot
from signetd.daemon.policy.types import SECURITY_ADMINS, Credential, Role
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.policy.values import deny, grant, group, identity, snapshot, use

PIN = "a" * 64
OTHER = "b" * 64


def caller(who: Snapshot, name: str, credential: Credential, sha256: str = OTHER) -> str:
    return who.caller(name, credential, sha256).name


def test_a_caller_is_who_it_is_registered_as() -> None:
    world = snapshot(
        identities=[
            identity("app"),
            identity("pinned", certificate_sha256=PIN),
            identity("local", credential=Credential.SOCKET),
        ]
    )
    assert caller(world, "app", Credential.COMMON_NAME) == "app"
    assert caller(world, "pinned", Credential.COMMON_NAME, PIN) == "pinned"
    assert caller(world, "local", Credential.SOCKET, "") == "local"


@pytest.mark.parametrize(
    ("name", "credential", "sha256", "sentence"),
    [
        ("nobody", Credential.COMMON_NAME, OTHER, "'nobody' is not known; .* can add it"),
        ("off", Credential.COMMON_NAME, OTHER, "'off' is disabled; .* can enable it"),
        ("app", Credential.DNS, OTHER, "SAN DNS name.* which credential"),
        ("app", Credential.SOCKET, "", "Unix socket.* which credential"),
        ("pinned", Credential.COMMON_NAME, OTHER, f"another certificate .*{OTHER}"),
        ("pinned", Credential.COMMON_NAME, "", r"another certificate .*\(none\)"),
    ],
)
def test_others_are_refused(name: str, credential: Credential, sha256: str, sentence: str) -> None:
    world = snapshot(
        identities=[
            identity("app"),
            identity("off", disabled=True),
            identity("pinned", certificate_sha256=PIN),
        ]
    )
    with pytest.raises(SignetError, match=sentence) as caught:
        caller(world, name, credential, sha256)
    assert caught.value.reason is Reason.PERMISSION_DENIED
    assert PIN not in caught.value.message
    assert "COMMON_NAME" not in caught.value.message


def test_members_are_those_who_may_act() -> None:
    world = snapshot(
        identities=[
            identity("a", Role.SECURITY_ADMIN),
            identity("b", Role.SECURITY_ADMIN, disabled=True),
            identity("c", Role.AUDITOR),
        ],
        groups=[group("some", "a", "b", "c"), group("empty")],
    )
    assert world.members(SECURITY_ADMINS) == {"a"}
    assert world.members("some") == {"a", "c"}
    assert world.members("empty") == world.members("missing") == set()


def test_an_empty_snapshot_knows_nobody() -> None:
    with pytest.raises(SignetError, match="not known"):
        caller(Snapshot(), "app", Credential.COMMON_NAME)
    assert not decide(Snapshot(), use()).allowed


def test_what_is_remembered_is_bounded_and_does_not_change_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index, "MAX_CACHED", 3)
    world = snapshot(grant(keys="a*"), deny(keys="a1"))
    for _ in range(2):
        answers = [decide(world, use(key_id=f"a{number}")).allowed for number in range(9)]
        assert answers == [True, False, *[True] * 7]
    assert len(world._index._cache) == 3


def test_lists_are_in_order() -> None:
    world = snapshot(
        grant("g2"),
        grant("g1"),
        identities=[identity("b"), identity("a")],
        groups=[group("y"), group("x")],
    )
    assert [each.name for each in world.identities] == ["a", "b"]
    assert [each.id for each in world.groups] == ["x", "y"]
    assert [each.id for each in world.grants] == ["g1", "g2"]
    assert world.grant("g2") and world.group("x") and world.identity("a")
    assert not (world.grant("g3") or world.group("z") or world.identity("c"))


def test_who_acts_in_a_role() -> None:
    world = snapshot(
        identities=[
            identity("a", Role.AUDITOR, Role.SIGNER),
            identity("off", Role.AUDITOR, disabled=True),
            identity("root", Role.SECURITY_ADMIN),
        ]
    )
    assert world.acting(Role.AUDITOR) == {"a"}
    assert world.acting(Role.SECURITY_ADMIN) == world.members(SECURITY_ADMINS) == {"root"}
    assert world.members(SECURITY_ADMINS) is world.members(SECURITY_ADMINS), "found once only"
