"""A security administrator who wants more than is his, alone: 三员分立, and two for a third."""

from collections.abc import Iterator
from typing import Any

import pytest

from signetd.api.v1 import access_service_pb2 as access
from signetd.api.v1 import approval_service_pb2 as approval
from signetd.api.v1 import key_service_pb2 as keys
from tests.integration.attack import samples
from tests.integration.attack.scene import FOUNDER, Scene, scene

SYSTEM, SECURITY = access.ROLE_SYSTEM_ADMIN, access.ROLE_SECURITY_ADMIN
AUDITOR, SIGNER = access.ROLE_AUDITOR, access.ROLE_SIGNER
NEEDED, INVALID, CONFLICT = "APPROVAL_NEEDED", "APPROVAL_INVALID", "ROLES_CONFLICT"
PIN, OTHER_PIN = "a" * 64, "b" * 64
ME = "mallory"
CREATE, ASK = "AccessService/CreateIdentity", "ApprovalService/CreateApproval"
APPROVE, DESTROY = "ApprovalService/ApproveApproval", "KeyService/DestroyKey"


@pytest.fixture(scope="module")
def council() -> Iterator[Scene]:
    """A daemon in which administrators and destructions need one other security administrator."""
    with scene(ME, "auditor") as made:
        made.start(audit_key=False)
        made.admit(ME, SECURITY)
        made.admit("auditor", AUDITOR)
        made.admit("pinned", AUDITOR, credential=access.CREDENTIAL_DNS, certificate_sha256=PIN)
        made.admit("disabled-admin", SYSTEM, disabled=True)
        made.admit("signer", SIGNER)
        for name in ("doomed", "doomed-2"):
            made.key(name)
            made.disable(name)
        made.stop()
        made.start(audit_key=False, access="administrator_approvals = 1\ndestroy_approvals = 1")
        yield made


def create(council: Scene, identity: access.Identity, name: str = "", by: str = ME) -> str:
    request = access.CreateIdentityRequest(identity=identity, approval=name)
    return council.by(by).call(CREATE, request).result


def asked(council: Scene, by: str = ME, **subject: Any) -> approval.Approval:
    request = approval.CreateApprovalRequest(summary="please", **subject)
    made = council.by(by).done(ASK, request)
    assert isinstance(made, approval.Approval)
    return made


def agreed(council: Scene, by: str = ME, **subject: Any) -> str:
    """Return an approval that the founder has given."""
    made = asked(council, by, **subject)
    council.by(FOUNDER).done(APPROVE, samples.vote(made))
    return made.name


def administrator(identity: access.Identity) -> approval.AdministratorSubject:
    return approval.AdministratorSubject(identity=identity)


@pytest.mark.parametrize("role", [SYSTEM, SECURITY, AUDITOR])
def test_nobody_makes_an_administrator_alone(council: Scene, role: access.Role.ValueType) -> None:
    before = council.state()
    friend = samples.identity("friend", role)
    assert create(council, friend) == NEEDED
    assert create(council, samples.identity("friend", role, SIGNER)) == NEEDED
    assert council.update(ME, "signer", role).result == NEEDED
    assert council.update(ME, "signer", role, SIGNER).result == NEEDED
    assert council.state() == before


@pytest.mark.parametrize("role", [SYSTEM, AUDITOR])
def test_nobody_gives_himself_another_administrators_role(
    council: Scene, role: access.Role.ValueType
) -> None:
    before = council.state()
    for roles in ((SECURITY, role), (role, SIGNER, SECURITY)):
        assert council.update(ME, ME, *roles).result == CONFLICT
    assert council.update(ME, ME, role).result == NEEDED, "nor instead of his own"
    assert council.state() == before


def test_an_administrator_does_not_come_back_by_detours(council: Scene) -> None:
    """Disabled and enabled, with another certificate, in two steps."""
    assert council.update(ME, "disabled-admin", SYSTEM).result == NEEDED
    assert council.update(ME, "pinned", AUDITOR, certificate_sha256=OTHER_PIN).result == NEEDED
    assert council.update(ME, "pinned", AUDITOR).result == NEEDED, "without any pin"
    away = council.update(ME, "pinned", AUDITOR, certificate_sha256=PIN, disabled=True)
    assert away.result == "OK"
    swapped = council.update(ME, "pinned", AUDITOR, certificate_sha256=OTHER_PIN, disabled=True)
    assert swapped.result == "OK", "it is disabled: nothing is won by that"
    assert council.update(ME, "pinned", AUDITOR, certificate_sha256=OTHER_PIN).result == NEEDED
    assert create(council, samples.identity("sleeper", AUDITOR, disabled=True)) == "OK"
    assert council.update(ME, "sleeper", AUDITOR).result == NEEDED


def test_an_approval_for_an_administrator_is_for_exactly_these_values(council: Scene) -> None:
    fine = samples.identity("fine", AUDITOR)
    name = agreed(council, administrator=administrator(fine))
    pinned = {"credential": access.CREDENTIAL_DNS, "certificate_sha256": PIN}
    for wrong in (
        samples.identity("worse", AUDITOR),
        samples.identity("fine", SECURITY),
        samples.identity("fine", AUDITOR, SIGNER),
        samples.identity("fine", AUDITOR, credential=access.CREDENTIAL_COMMON_NAME),
        samples.identity("fine", AUDITOR, **pinned),
    ):
        assert create(council, wrong, name) == INVALID, wrong
    assert create(council, fine, name, by=FOUNDER) == INVALID, "it is of another"
    assert create(council, fine, name) == "OK"
    council.by(ME).done("AccessService/DeleteIdentity", access.DeleteIdentityRequest(name="fine"))
    assert create(council, fine, name) == INVALID, "it was used"


def test_an_approval_for_an_administrator_is_not_ones_own(council: Scene) -> None:
    subject = samples.identity("own", SECURITY)
    made = asked(council, administrator=administrator(subject))
    assert create(council, subject, made.name) == INVALID, "nobody has agreed"
    assert council.by(ME).call(APPROVE, samples.vote(made)).result == "PERMISSION_DENIED"
    assert council.by("auditor").call(APPROVE, samples.vote(made)).result == "PERMISSION_DENIED"
    assert create(council, subject, made.name) == INVALID


def test_nobody_destroys_a_key_alone_or_another_one(council: Scene) -> None:
    destroy = approval.DestroyKeySubject(key="keys/doomed")
    begun, me = council.daemon.count("C_DestroyObject"), council.by(ME)

    def result(key: str, name: str, by: str = ME) -> str:
        request = keys.DestroyKeyRequest(name=f"keys/{key}", approval=name)
        return council.by(by).call(DESTROY, request).result

    assert result("doomed", "") == NEEDED
    made = asked(council, destroy_key=destroy)
    assert result("doomed", made.name) == INVALID
    assert me.call(APPROVE, samples.vote(made)).result == "PERMISSION_DENIED"
    council.by(FOUNDER).done(APPROVE, samples.vote(made))
    assert result("doomed-2", made.name) == INVALID
    assert result("doomed", made.name, by=FOUNDER) == INVALID
    assert council.daemon.count("C_DestroyObject") == begun, "the token was asked"
    assert result("doomed", made.name) == "OK"
    assert result("doomed-2", made.name) == INVALID
    refused = council.records(operation=DESTROY, identity=ME, allowed=0)
    assert [each.result for each in refused] == [NEEDED, INVALID, INVALID, INVALID]


def test_the_last_security_administrator_stays() -> None:
    """Whatever is tried; and one who has removed himself has no connection any more."""
    with scene(ME) as made:
        made.start(audit_key=False)
        made.admit(ME, SECURITY)
        me = access.DeleteIdentityRequest(name=ME)
        made.by(ME).done("AccessService/DeleteIdentity", me)
        answer = made.by(ME).call("AccessService/ListGrants", access.ListGrantsRequest())
        assert answer.result == "PERMISSION_DENIED", "on a connection that was open"
        made.admit(ME, SECURITY, disabled=True)
        before = made.state()
        assert made.update(FOUNDER, FOUNDER, SIGNER).result == CONFLICT
        assert made.update(FOUNDER, FOUNDER, AUDITOR).result == CONFLICT
        assert made.update(FOUNDER, FOUNDER, SECURITY, disabled=True).result == CONFLICT
        grants = made.by(FOUNDER).done("AccessService/ListGrants", access.ListGrantsRequest())
        assert made.state() == before
        for grant in grants.grants:  # else it would be refused for these
            request = access.DeleteGrantRequest(name=grant.name)
            made.by(FOUNDER).done("AccessService/DeleteGrant", request)
        founder = access.DeleteIdentityRequest(name=FOUNDER)
        answer = made.by(FOUNDER).call("AccessService/DeleteIdentity", founder)
        assert answer.result == CONFLICT
