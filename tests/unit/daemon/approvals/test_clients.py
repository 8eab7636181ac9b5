"""Both clients and signetctl against ApprovalService: from the request to the use."""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from signetd.cli.app import app
from signetd.cli.approval import shown
from signetd.client import (
    AsyncClient,
    Client,
    Endpoint,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    SignItem,
)
from signetd.client.messages import identity
from signetd.client.seen import administrator_digest, destruction_digest, item_digest
from signetd.daemon.approvals import subjects
from signetd.daemon.policy.types import Credential, Role
from tests.unit.daemon.approvals.engines import sqlite
from tests.unit.daemon.approvals.served import Served
from tests.unit.daemon.approvals.test_subjects import SM2_KEY

PEOPLE = ["app", "admin-1", "admin-2", "stranger"]
DOCUMENT = "采购合同".encode()
ITEM = SignItem(key="seal", message=DOCUMENT)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    engine = sqlite(tmp_path)
    made = Served(engine, tmp_path, PEOPLE)
    yield made
    made.close()
    engine.dispose()


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


Run = Callable[..., Result]


@pytest.fixture
def signetctl(served: Served) -> Run:
    def run(person: str, *arguments: str, answer: str = "") -> Result:
        command = ["--endpoint", served.endpoint(person), *arguments]
        return CliRunner().invoke(app, command, input=answer, env={"COLUMNS": "150"})

    return run


@pytest.fixture
def document(tmp_path: Path) -> Path:
    file = tmp_path / "contract.txt"
    file.write_bytes(DOCUMENT)
    return file


def asked(signetctl: Run, *arguments: str) -> dict[str, Any]:
    done = signetctl("app", "--output", "json", "approval", *arguments, "--summary", "采购")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_what_you_see_is_what_you_sign(signetctl: Run, document: Path) -> None:
    made = asked(signetctl, "request", "seal", str(document))
    assert (made["state"], made["algorithm"]) == ("PENDING", "SM2_SM3")
    approve = ("approval", "approve", made["name"])
    other = document.with_name("other.txt")
    other.write_bytes(b"another text")
    refused = signetctl("admin-1", *approve, "--file", str(other), "--yes")
    assert (refused.exit_code, "nothing was approved" in refused.stderr) == (1, True)
    no = signetctl("admin-1", *approve, "--file", str(document), answer="n\n")
    assert (no.exit_code, "Approve this?" in no.stderr) == (1, True)
    for seen in ("keys/seal", "SM2_SM3", made["digest"], "app", "采购"):
        assert seen in no.stderr
    yes = signetctl("admin-1", *approve, "--file", str(document), answer="y\n")
    assert yes.exit_code == 0, yes.output
    assert signetctl("admin-2", *approve, "--yes").exit_code == 0
    out = document.with_name("out.sig")
    sign = ("sign", str(document), "--key", "seal", "-o", str(out), "--approval", made["name"])
    done = signetctl("app", *sign)
    assert (done.exit_code, out.read_bytes()) == (0, b"signed"), done.output
    assert "was used already" in signetctl("app", *sign).stderr
    shown_to = signetctl("app", "--output", "json", "approval", "show", made["name"])
    assert json.loads(shown_to.stdout)["state"] == "USED"


def test_a_digest_is_asked_for_and_rejected(signetctl: Run) -> None:
    made = asked(signetctl, "request", "seal", "--digest", "AB" * 32, "--lifetime", "30m")
    assert made["digest"] == "ab" * 32
    done = signetctl("admin-1", "approval", "reject", made["name"], "--comment", "价格不对")
    assert (done.exit_code, "admin-1 rejected: 价格不对" in done.stdout) == (0, True)
    listed = signetctl("app", "--output", "json", "approval", "list", "--state", "rejected")
    assert [one["name"] for one in json.loads(listed.stdout)] == [made["name"]]
    assert made["name"] in signetctl("app", "approval", "list").stdout


def test_a_key_is_destroyed_by_approval(signetctl: Run) -> None:
    made = asked(signetctl, "request-destroy", "seal")
    for person in ("admin-1", "admin-2"):
        assert signetctl(person, "approval", "approve", made["name"], "--yes").exit_code == 0
    destroy = ("key", "destroy", "seal", "--yes", "--approval")
    assert signetctl("app", *destroy, made["name"]).exit_code == 0
    assert "was used already" in signetctl("app", *destroy, made["name"]).stderr


def test_an_administrators_values_are_compared(signetctl: Run) -> None:
    values = ("--role", "auditor", "--credential", "dns")
    made = asked(signetctl, "request-admin", "w.example", *values)
    approve = ("approval", "approve", made["name"], "--yes")
    other = signetctl("admin-1", *approve, "--role", "security-admin", "--credential", "dns")
    assert (other.exit_code, "nothing was approved" in other.stderr) == (1, True)
    assert "--credential" in signetctl("admin-1", *approve, "--role", "auditor").stderr
    assert "--file is for signatures" in signetctl("admin-1", *approve, "--file", "x").stderr
    assert signetctl("admin-1", *approve, *values).exit_code == 0
    done = signetctl("app", "approval", "cancel", made["name"])
    assert (done.exit_code, "CANCELLED" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["request", "seal", "--summary", "x"],
        ["request", "seal", "f", "--digest", "00", "--summary", "x"],
        ["request", "seal", "--digest", "0x", "--summary", "x"],
        ["request", "seal", "/none", "--summary", "x"],
        ["request-destroy", "seal", "--summary", "x", "--lifetime", "1w"],
        ["request-destroy", "seal"],
    ],
)
def test_usage(signetctl: Run, arguments: list[str]) -> None:
    assert signetctl("app", "approval", *arguments).exit_code == 2


def test_a_terminal_is_not_told_anything_by_what_others_write() -> None:
    assert shown.safe("a\x1b[2Kb\u202ec\x9b") == "a\\x1b[2Kb\\u202ec\\x9b"
    assert shown.safe("采购\n合同　好") == "采购\n合同　好"
