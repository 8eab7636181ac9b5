"""Identities over the API: what is refused, what is recorded, and what counts afterwards."""

from typing import Any

import pytest
from sqlalchemy import Connection

from signetd.api.v1 import access_service_pb2 as messages
from signetd.daemon.policy.types import Credential, Role
from signetd.daemon.state.identities import update_identity
from signetd.drivers.errors import Reason, SignetError
from tests.unit.daemon.policy.values import BEGIN, identity

SIGNER, ADMIN, AUDITOR = (
    messages.ROLE_SIGNER,
    messages.ROLE_SECURITY_ADMIN,
    messages.ROLE_AUDITOR,
)


def wanted(name: str = "app", *roles: Any, approval: str = "", **fields: Any) -> Any:
    return messages.CreateIdentityRequest(
        identity=messages.Identity(name=name, roles=roles or (SIGNER,), **fields),
        approval=approval,
    )


def changed(name: str = "app", *roles: Any, approval: str = "", **fields: Any) -> Any:
    return messages.UpdateIdentityRequest(
        identity=messages.Identity(name=name, roles=roles or (SIGNER,), **fields),
        approval=approval,
    )


async def test_an_identity_is_added_recorded_and_counts_at_once(service: Any) -> None:
    made = await service.ask("CreateIdentity", wanted("app", SIGNER, AUDITOR, disabled=True))
    assert list(made.roles) == [AUDITOR, SIGNER]
    assert made.disabled
    assert made.create_time == made.update_time
    assert made.create_time.ToDatetime().year == 2026
    assert service.last() == (
        "root",
        "AccessService/CreateIdentity",
        "app",
        "roles auditor, signer by COMMON_NAME, disabled",
    )
    assert service.book.snapshot.identity("app").disabled
    assert await service.ask("GetIdentity", messages.GetIdentityRequest(name="app")) == made


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("https://a.test/x", "UNSPECIFIED", "URI"),
        ("local.socket", "UNSPECIFIED", "SOCKET"),
        ("app.test", "UNSPECIFIED", "DNS"),
        ("张三", "UNSPECIFIED", "COMMON_NAME"),
        ("urn:app", "URI", "URI"),
        ("root", "DNS", "DNS"),
    ],
)
async def test_how_it_shows_who_it_is(name: str, given: str, expected: str, service: Any) -> None:
    credential = messages.Credential.Value(f"CREDENTIAL_{given}")
    made = await service.ask("CreateIdentity", wanted(name, credential=credential))
    assert messages.Credential.Name(made.credential) == f"CREDENTIAL_{expected}"


@pytest.mark.parametrize(
    ("request_", "reason", "says"),
    [
        (wanted(""), Reason.INPUT_MISSING, "identity.name is missing"),
        (wanted(" a"), Reason.INPUT_INVALID, "identity.name .*no blanks"),
        (wanted("a\x00b"), Reason.INPUT_INVALID, "identity.name .*no control"),
        (wanted("a" * 256), Reason.INPUT_INVALID, "1 to 255 characters"),
        (wanted("groups/a"), Reason.INPUT_INVALID, "how a group is named"),
        (wanted("a", messages.ROLE_UNSPECIFIED), Reason.INPUT_MISSING, "identity.roles"),
        (wanted("a", 99), Reason.INPUT_INVALID, "identity.roles has the number 99"),
        (wanted("a", ADMIN, AUDITOR), Reason.ROLES_CONFLICT, "at most one"),
        (wanted("a", credential=99), Reason.INPUT_INVALID, "identity.credential"),
        (wanted("a", certificate_sha256="A" * 64), Reason.INPUT_INVALID, "64 lower-case hex"),
        (wanted("root", certificate_sha256="a" * 64), Reason.INPUT_INVALID, "Unix socket"),
        (messages.CreateIdentityRequest(), Reason.INPUT_MISSING, "identity.name is missing"),
    ],
)
async def test_what_is_refused(request_: Any, reason: Reason, says: str, service: Any) -> None:
    with pytest.raises(SignetError, match=says) as caught:
        await service.ask("CreateIdentity", request_)
    assert caught.value.reason is reason
    assert service.ledger.entries == []


async def test_an_identity_must_have_roles(service: Any) -> None:
    request = messages.CreateIdentityRequest(identity=messages.Identity(name="app"))
    with pytest.raises(SignetError, match=r"identity\.roles is missing"):
        await service.ask("CreateIdentity", request)


async def test_an_update_leaves_name_credential_and_birth(service: Any) -> None:
    made = await service.ask("CreateIdentity", wanted("app.test"))
    request = changed(
        "app.test",
        AUDITOR,
        certificate_sha256="b" * 64,
        credential=messages.CREDENTIAL_SOCKET,
        disabled=True,
    )
    found = await service.ask("UpdateIdentity", request)
    assert (list(found.roles), found.disabled) == ([AUDITOR], True)
    assert (found.credential, found.create_time) == (made.credential, made.create_time)
    assert found.certificate_sha256 == "b" * 64
    assert found.update_time.ToDatetime() > made.update_time.ToDatetime()
    detail = f"roles auditor by DNS, certificate {'b' * 64}, disabled"
    assert service.last() == ("root", "AccessService/UpdateIdentity", "app.test", detail)


async def test_who_calls_on_a_socket_gets_no_certificate_later(service: Any) -> None:
    await service.ask("CreateIdentity", wanted("root"))
    with pytest.raises(SignetError, match="Unix socket"):
        await service.ask("UpdateIdentity", changed("root", certificate_sha256="a" * 64))


async def test_an_identity_is_deleted(service: Any) -> None:
    await service.ask("CreateIdentity", wanted())
    await service.ask("DeleteIdentity", messages.DeleteIdentityRequest(name="app"))
    assert service.last() == ("root", "AccessService/DeleteIdentity", "app", "")
    assert service.book.snapshot.identities == ()
    for method, request in (
        ("DeleteIdentity", messages.DeleteIdentityRequest(name="app")),
        ("GetIdentity", messages.GetIdentityRequest(name="app")),
        ("UpdateIdentity", changed()),
    ):
        with pytest.raises(SignetError, match="no identity 'app'") as caught:
            await service.ask(method, request)
        assert caught.value.reason is Reason.IDENTITY_NOT_FOUND


async def test_identities_are_listed_in_pages(service: Any) -> None:
    for name in ("c", "a", "b"):
        await service.ask("CreateIdentity", wanted(name))
    request = messages.ListIdentitiesRequest(page_size=2)
    first = await service.ask("ListIdentities", request)
    request.page_token = first.next_page_token
    second = await service.ask("ListIdentities", request)
    names = [[each.name for each in page.identities] for page in (first, second)]
    assert (names, second.next_page_token) == ([["a", "b"], ["c"]], "")


async def test_a_new_administrator_needs_what_is_configured(service: Any) -> None:
    await service.ask("CreateIdentity", wanted("app"))
    assert service.administrators.asked == []
    await service.ask("CreateIdentity", wanted("root", ADMIN, approval="approvals/a1"))
    ((who, approval),) = service.administrators.asked
    assert (who.name, who.credential, approval) == ("root", Credential.SOCKET, "approvals/a1")
    assert who.roles == {Role.SECURITY_ADMIN}


async def test_a_role_that_it_had_needs_no_approval_and_another_one_does(service: Any) -> None:
    await service.ask("CreateIdentity", wanted("root", ADMIN))
    await service.ask("CreateIdentity", wanted("app", AUDITOR))
    service.administrators.asked.clear()
    await service.ask("UpdateIdentity", changed("app", AUDITOR, SIGNER, disabled=True))
    assert service.administrators.asked == []
    await service.ask("UpdateIdentity", changed("app", ADMIN, approval="approvals/a2"))
    ((who, approval),) = service.administrators.asked
    assert (who.roles, approval) == ({Role.SECURITY_ADMIN}, "approvals/a2")


async def test_the_record_names_the_approval_that_was_used(service: Any) -> None:
    def use_up(connection: Connection, moment: object) -> None:
        """Stands for what uses an approval up."""

    await service.ask("CreateIdentity", wanted("app", approval="approvals/a0"))
    service.administrators.effects = (use_up,)
    await service.ask("CreateIdentity", wanted("root", ADMIN, approval="approvals/a1"))
    approvals = [entry.event.approval for entry in service.ledger.entries]
    assert approvals == ["", "approvals/a1"], "none was needed for the first"


async def test_what_the_approval_refuses_is_not_done(service: Any) -> None:
    def refuse(connection: Connection, moment: object) -> None:
        raise SignetError(Reason.APPROVAL_INVALID, "It is for another one.")

    service.administrators.effects = (refuse,)
    with pytest.raises(SignetError, match="another one"):
        await service.ask("CreateIdentity", wanted("root", ADMIN))
    await service.book.refresh()
    assert service.book.snapshot.identities == ()


async def test_what_another_daemon_changed_is_seen(service: Any) -> None:
    """Where several share a database, each is asked about what counts, not what it knew."""
    await service.ask("CreateIdentity", wanted())
    with service.engine.begin() as connection:
        update_identity(identity("app", Role.AUDITOR), identity())(connection, BEGIN)
    found = await service.ask("GetIdentity", messages.GetIdentityRequest(name="app"))
    assert list(found.roles) == [AUDITOR]
