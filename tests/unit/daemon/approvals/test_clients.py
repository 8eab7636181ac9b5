"""Both clients against ApprovalService: from the request to the use."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from signetd.client import (
    AsyncClient,
    Client,
    Endpoint,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    SignItem,
)
from signetd.client.identities import identity
from signetd.client.seen import administrator_digest, destruction_digest, item_digest
from signetd.daemon.approvals import subjects
from signetd.daemon.policy.types import Credential, Role
from tests.unit.daemon.approvals.served import PEOPLE, Served
from tests.unit.daemon.approvals.test_subjects import SM2_KEY

DOCUMENT = "采购合同".encode()
ITEM = SignItem(key="seal", message=DOCUMENT)


@pytest.fixture
def connect(served: Served) -> Iterator[Callable[[str], Client]]:
    clients: list[Client] = []

    def make(person: str) -> Client:
        clients.append(Client(Endpoint(served.endpoint(person)), timeout=20))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


Connect = Callable[[str], Client]


def test_a_signature_from_the_request_to_the_use(connect: Connect) -> None:
    requester, first, second = (connect(person) for person in PEOPLE[:3])
    made = requester.request_approval(ITEM, summary="采购合同", lifetime=timedelta(hours=2))
    assert made.expire_time.seconds - made.create_time.seconds == 7200
    short = made.name.removeprefix("approvals/")
    first.approve_approval(made.name, made.digest, comment="好")
    asked = SignItem(key="seal", message=DOCUMENT, approval=made.name)
    with pytest.raises(FailedPrecondition, match="not been approved yet"):
        requester.sign(asked)
    second.approve_approval(short, made.digest)
    assert [one.name for one in requester.list_approvals(["approved"])] == [made.name]
    assert requester.list_approvals(["used", "pending"]) == []
    assert requester.sign(asked).signature == b"signed"
    with pytest.raises(FailedPrecondition, match="was used already"):
        requester.sign(SignItem(key="seal", message=DOCUMENT, approval=short))
    with pytest.raises(FailedPrecondition, match="needs the approval of 2"):
        requester.sign(ITEM)


def test_rejecting_taking_back_and_who_sees_nothing(connect: Connect) -> None:
    requester, admin = connect("app"), connect("admin-1")
    names = [requester.request_approval(ITEM, summary="x").name for _ in range(2)]
    assert admin.reject_approval(names[0], comment="no").votes[0].comment == "no"
    requester.cancel_approval(names[1])
    assert [one.state for one in admin.list_approvals()] == [4, 3]
    with pytest.raises(NotFound):
        connect("stranger").get_approval(names[0])


def test_a_key_and_an_administrator(connect: Connect) -> None:
    requester = connect("app")
    destroy = requester.request_destroy_approval("seal", summary="x")
    assert destroy.digest == destruction_digest("keys/seal", SM2_KEY.fingerprint)
    wanted = identity("王芳", ["security-admin", "signer"], "common-name", "ab" * 32)
    admin = requester.request_administrator_approval(wanted, summary="x")
    values = ["signer", "SECURITY_ADMIN"], "common-name", "AB" * 32
    assert admin.digest == administrator_digest("王芳", *values)
    for person in ("admin-1", "admin-2"):
        connect(person).approve_approval(destroy.name, destroy.digest)
    with pytest.raises(FailedPrecondition, match="request-destroy"):
        requester.destroy_key("seal")
    assert requester.destroy_key("seal", approval=destroy.name).name == "keys/seal"


def test_digests_are_computed_as_the_daemon_does() -> None:
    made = subjects.administrator('王"\n\x01', [Role.AUDITOR], Credential.URI, "")
    assert administrator_digest('王"\n\x01', ["auditor"], "uri") == made.digest
    assert item_digest(SignItem(key="k", digest=b"d")) == b"d"
    of_ed25519 = item_digest(SignItem(key="k", message=b"d"))
    assert of_ed25519 == hashlib.sha256(b"d").digest()
    with pytest.raises(InvalidRequest):
        item_digest(SignItem(key="k"))


async def test_the_asyncio_client_does_the_same(served: Served) -> None:
    async with (
        AsyncClient(Endpoint(served.endpoint("app")), timeout=20) as requester,
        AsyncClient(Endpoint(served.endpoint("admin-1")), timeout=20) as admin,
    ):
        made = await requester.request_approval(ITEM, summary="x")
        watch = admin.watch_approvals()
        assert (await anext(watch)).approval == made
        await admin.approve_approval(made.name, made.digest)
        assert len((await anext(watch)).approval.votes) == 1
        await watch.aclose()
        assert (await admin.list_approvals())[0].name == made.name
        assert (await requester.cancel_approval(made.name)).state == 4
