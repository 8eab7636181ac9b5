"""Every command of ``signetctl seal`` on a whole instance, and both clients; openssl judges."""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signetd.client import (
    AsyncClient,
    Client,
    Endpoint,
    FailedPrecondition,
    SealItem,
    Stamp,
    StampItem,
)
from signetd.gm.sm3 import sm3
from tests.e2e.conftest import BIN
from tests.e2e.seals import CODE, OWNER, PICTURE, PROPERTY, VECTORS, application, recipe


class Desk:
    """The commands of those who have to do with one seal, each in the same folder."""

    def __init__(self, dev: Any, folder: Path) -> None:
        self.folder = folder
        self.instance = dev.folder
        self.endpoints = {"dev": dev.endpoint, "app": dev.app_endpoint}
        (folder / "seal.svg").write_text(PICTURE)
        (folder / "Signature.xml").write_text("<Signature/>")

    def run(self, who: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [str(BIN / "signetctl"), "--endpoint", self.endpoints[who], *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=100)

    def done(self, who: str, *arguments: str) -> Any:
        """Run a command that must succeed; return its JSON, or None if it prints nothing."""
        done = self.run(who, "--output", "json", *arguments)
        assert done.returncode == 0, done.stderr or done.stdout
        return json.loads(done.stdout) if done.stdout else None

    def refused(self, reason: str, who: str, *arguments: str) -> None:
        done = self.run(who, "--output", "json", *arguments)
        assert done.returncode == 1, done.stdout
        assert json.loads(done.stderr)["reason"] == reason, done.stderr

    def key(self, name: str) -> str:
        """Make a key that stamps, with a certificate of the instance's CA; `app` may use it."""
        made = ("key", "generate", name, "--token", "dev", "--type", "sm2", "--purpose", "sealing")
        self.done("dev", *made)
        self.done("dev", "key", "csr", name, "--subject", f"CN={OWNER},C=CN", "-o", "key.csr")
        authority = self.instance / "ca"
        own_id = "distid:1234567812345678"
        issue = [
            *("openssl", "ca", "-config", str(authority / "ca.cnf"), "-batch", "-notext"),
            *("-preserveDN", "-in", "key.csr", "-out", "key.pem"),
            *("-vfyopt", own_id, "-sigopt", own_id),
        ]
        issued = subprocess.run(issue, cwd=self.folder, capture_output=True, text=True, timeout=60)
        assert issued.returncode == 0, issued.stderr
        chain = self.folder / "key.pem"
        chain.write_bytes(chain.read_bytes() + (authority / "ca.pem").read_bytes())
        self.done("dev", "key", "import-certificate", name, "key.pem")
        self.done("dev", "access", "grant", "add", "--to", "dev-app", "--keys", name, *_STAMP)
        return name

    def filed(self, name: str, key: str, code: str) -> Any:
        """Have a seal made that is in use."""
        self.done("app", *application(name, key))
        self.done("dev", "seal", "review", name, "--accept")
        self.done("dev", "seal", "make", name, "--key", "demo-maker", "--seal-id", code)
        return self.done("dev", "seal", "file", name, "--number", f"F-{code}")


_THEIR_CODE = "11010800012345"
_STAMP = ("--operation", "stamp")


@pytest.fixture
def desk(signetd_dev: Any, tmp_path: Path) -> Desk:
    return Desk(signetd_dev, tmp_path)


@pytest.mark.timeout(300)
def test_the_life_of_a_seal_in_commands(desk: Desk) -> None:
    key = desk.key("life-of-a-seal")
    life: list[str] = []

    def step(who: str, *arguments: str) -> Any:
        found = desk.done(who, "seal", *arguments)
        life.append(found["state"])
        return found

    step("app", *application("life", key)[1:])
    desk.refused("PERMISSION_DENIED", "app", "seal", "review", "life", "--accept")
    step("dev", "review", "life", "--accept", "--reason", "complete")
    step("dev", "make", "life", "--key", "demo-maker", "--seal-id", "11010800000101")
    desk.refused("SEAL_STATE_WRONG", "app", *_stamp("life", "no.dat"))
    made = step("dev", "file", "life", "--number", "F-101", "--remark", "公安")
    assert (made["applicant"], made["reviewer"], made["maker"]) == ("dev-app", "dev", "dev")
    step("dev", "suspend", "life", "--reason", "lost")
    desk.refused("SEAL_STATE_WRONG", "app", *_stamp("life", "no.dat"))
    step("dev", "resume", "life", "--reason", "found")
    changed = step("app", "change", "life", "life-2", "--title", "示例集团", "--reason", "renamed")
    assert (changed["title"], changed["replaces"]) == ("示例集团", "seals/life")
    desk.done("dev", "seal", "review", "life-2", "--accept")
    desk.done("dev", "seal", "make", "life-2", "--key", "demo-maker", "--seal-id", "11010800000102")
    desk.done("dev", "seal", "file", "life-2", "--number", "F-102")
    assert desk.done("dev", "seal", "show", "life")["replaced_by"] == "seals/life-2"
    step("dev", "cancel", "life-2", "--reason", "the company is no more")
    assert life == [
        *("APPLIED", "ACCEPTED", "MADE", "IN_USE", "SUSPENDED", "IN_USE", "APPLIED", "CANCELLED")
    ]
    histories = [desk.done("dev", "seal", "history", name) for name in ("life", "life-2")]
    assert [[each["act"] for each in history] for history in histories] == [
        ["apply", "accept", "make", "file", "suspend", "resume", "cancel"],
        ["change", "accept", "make", "file", "cancel"],
    ]
    assert not (desk.folder / "no.dat").exists()


@pytest.mark.timeout(300)
def test_what_is_exported_is_good_for_others(desk: Desk) -> None:
    desk.filed("exported", desk.key("exported"), "11010800000201")
    shown = desk.done("app", "seal", "show", "exported", "--picture", "again.svg")
    assert (desk.folder / "again.svg").read_text() == PICTURE
    desk.done("app", "seal", "export", "exported", "-o", "seal.esl", "--filing", "filing.json")
    data = (desk.folder / "seal.esl").read_bytes()
    assert sm3(data).hex() == shown["sm3"]
    assert recipe(desk.folder, "seal", "seal.esl") == (0, ["seal signature: good"])
    trust = ("--trust", str(desk.instance / "ca" / "trust"), "--revocation", "required")
    assert desk.done("app", "seal", "verify", "seal.esl", *trust)["verdict"] == "good"
    desk.done("dev", "key", "public-key", "demo-audit", "-o", "audit.pem")
    statement = ("audit", "verify-statement", "filing.json", "--public-key", "audit.pem")
    found = desk.done("app", *statement)
    assert found["ok"] is True
    for name in ("exported", shown["seal_id"], shown["sm3"]):
        assert desk.done("app", "seal", "status", name)["good"] is True
    before = ("--at", "2026-01-01T00:00:00Z")
    done = desk.run("app", "--output", "json", "seal", "status", "exported", *before)
    assert (done.returncode, json.loads(done.stdout)["good"]) == (1, False)
    listed = desk.done("dev", "seal", "list", "--state", "in-use", "--code", CODE)
    assert shown in listed


@pytest.mark.timeout(300)
def test_stamps_that_openssl_verifies(desk: Desk) -> None:
    desk.filed("stamping", desk.key("stamping"), "11010800000301")
    made = desk.done("app", *_stamp("stamping", "SignedValue.dat"))
    assert (made["stamp"], made["timestamped"]) == ("SignedValue.dat", False)
    for name in ("two.xml", "three.xml"):
        (desk.folder / name).write_text(name)
    several = ("seal", "stamp", "stamping", "two.xml", "three.xml", "--property", PROPERTY)
    assert len(desk.done("app", *several, "-o", "stamps")) == 2
    digest = sm3((desk.folder / "two.xml").read_bytes()).hex()
    by_digest = ("--digest", digest, "--property", PROPERTY, "-o", "digest.dat")
    desk.done("app", "seal", "stamp", "stamping", *by_digest)
    trust = ("--trust", str(desk.instance / "ca" / "trust"))
    for stamp, document in (
        ("SignedValue.dat", "Signature.xml"),
        ("stamps/two.xml.dat", "two.xml"),
        ("stamps/three.xml.dat", "three.xml"),
        ("digest.dat", "two.xml"),
    ):
        code, said = recipe(desk.folder, "stamp", stamp, document)
        assert code == 0, said
        verify = ("seal", "verify", stamp, "--document", document, *trust)
        assert desk.done("app", *verify)["verdict"] == "good"
    assert recipe(desk.folder, "stamp", "digest.dat", "three.xml")[0] == 1
    assert desk.done("app", "seal", "show", "stamping")["uses"] == 4
    refused = ("--timestamp", *_stamp("stamping", "no.dat")[2:])
    desk.refused("TIMESTAMP_FAILED", "app", "seal", "stamp", *refused)
    assert not (desk.folder / "no.dat").exists()


@pytest.mark.timeout(300)
def test_approvals_of_a_making_and_of_a_stamp(desk: Desk) -> None:
    desk.done("app", *application("approved", desk.key("approved")))
    desk.done("dev", "seal", "review", "approved", "--accept")
    desk.done("dev", "access", "group", "set", "seal-board", "dev-auditor")
    policy = ("--approvals", "1", "--approvers", "seal-board")
    desk.done("dev", "key", "set-policy", "demo-maker", *policy)
    try:
        make = ("seal", "make", "approved", "--key", "demo-maker", "--seal-id", "11010800000401")
        desk.refused("APPROVAL_NEEDED", "dev", *make)
        ask = ("--key", "demo-maker", "--seal-id", "11010800000401", "--summary", "our seal")
        asked = desk.done("dev", "approval", "request-seal", "approved", *ask)
        assert (asked["operation"], asked["state"]) == ("make-seal", "PENDING")
        desk.endpoints["auditor"] = f"unix:{desk.instance}/auditor.sock"
        desk.done("auditor", "approval", "approve", asked["name"], "--yes")
        desk.done("dev", *make, "--approval", asked["name"])
    finally:
        desk.done("dev", "key", "set-policy", "demo-maker")
    desk.done("dev", "seal", "file", "approved", "--number", "F-401")
    desk.done("dev", "key", "set-policy", "approved", *policy)
    stamp = _stamp("approved", "approved.dat")
    desk.refused("APPROVAL_NEEDED", "app", *stamp)
    summary = ("Signature.xml", "--property", PROPERTY, "--summary", "a contract")
    asked = desk.done("app", "approval", "request-stamp", "approved", *summary)
    look = ("--file", "Signature.xml", "--yes")
    desk.done("auditor", "approval", "approve", asked["name"], *look)
    desk.done("app", *stamp, "--approval", asked["name"])
    assert recipe(desk.folder, "stamp", "approved.dat", "Signature.xml")[0] == 0


@pytest.mark.timeout(300)
def test_a_compromise_and_an_import(desk: Desk) -> None:
    key = desk.key("stolen")
    desk.filed("stolen", key, "11010800000501")
    desk.done("dev", "seal", "export", "stolen", "-o", "stolen.esl")
    what = ("--kind", "legal-name", "--owner", OWNER, "--code", CODE)
    desk.refused("SEAL_EXISTS", "dev", "seal", "import", "theirs", "stolen.esl", *what)
    (desk.folder / "no.esl").write_bytes(b"no seal")
    desk.refused("SEAL_INVALID", "dev", "seal", "import", "theirs", "no.esl", *what)
    found = desk.done("dev", "seal", "compromised", key, "--reason", "the token was stolen")
    assert found == {"key": key, "suspended": ["seals/stolen"]}
    assert desk.done("dev", "key", "show", key)["state"] == "DISABLED"
    resume = ("seal", "resume", "stolen", "--reason", "never mind")
    desk.refused("KEY_STATE_WRONG", "dev", *resume)


@pytest.mark.timeout(300)
def test_a_seal_of_another_region_is_taken_in(desk: Desk) -> None:
    region = desk.folder / "region"
    for source, target in (
        ("trust/root.der", region),
        ("intermediates/ca.der", region / "intermediates"),
        ("crls/root.crl", region / "crls"),
        ("crls/ca.crl", region / "crls"),
    ):
        target.mkdir(exist_ok=True)
        shutil.copy(VECTORS / source, target)
    theirs = str(VECTORS / "good" / "v4-unit.esl")
    given = ("seal", "import", "theirs", theirs, "--kind", "department", "--owner", OWNER)
    desk.refused("SEAL_INVALID", "dev", *given, "--code", CODE)
    desk.done("dev", "seal", "trust", "build", "region", "--name", "外地", "-o", "region.toml")
    comment = ("--comment", "from their gazette")
    desk.done("dev", "seal", "trust", "import", "region", "region.toml", *comment)
    taken = desk.done("dev", *given, "--code", CODE, "--trust-list", "region")
    assert (taken["state"], taken["origin"], taken["seal_id"]) == ("MADE", "IMPORTED", _THEIR_CODE)
    desk.done("dev", "seal", "export", "theirs", "-o", "again.esl")
    assert (desk.folder / "again.esl").read_bytes() == Path(theirs).read_bytes()
    # Another security administrator must file it, and there is none in this instance.
    desk.refused("SAME_PERSON", "dev", "seal", "file", "theirs", "--number", "F-theirs")
    told = desk.run("dev", "--output", "json", "seal", "status", _THEIR_CODE)
    status = json.loads(told.stdout)
    assert told.returncode == 1, "the exit code says that it is not good"
    assert (status["good"], status["reason"]) == (False, "it had been made and not filed")


def _stamp(seal: str, out: str) -> tuple[str, ...]:
    return ("seal", "stamp", seal, "Signature.xml", "--property", PROPERTY, "-o", out)


def _item(name: str, key: str) -> SealItem:
    now = datetime.now(UTC)
    return SealItem(
        name=name,
        kind="business",
        title=f"{OWNER}合同专用章",
        owner=OWNER,
        code=CODE,
        picture=PICTURE.encode(),
        width=40,
        height=40,
        valid_from=now,
        valid_until=now + timedelta(days=300),
        key=key,
        format="v5",
    )


@pytest.mark.timeout(300)
def test_the_client(desk: Desk) -> None:
    key = desk.key("client")
    with (
        Client(Endpoint(desk.endpoints["app"])) as app,
        Client(Endpoint(desk.endpoints["dev"])) as dev,
    ):
        app.seals.apply(_item("client", key))
        dev.seals.review("client", accepted=True)
        dev.seals.make("client", maker_key="demo-maker", seal_id="11010800000601")
        filed = dev.seals.file("client", filing_number="F-601")
        document = desk.folder / "Signature.xml"
        item = StampItem.of_file("client", document, property_info=PROPERTY)
        made = app.seals.stamp(item)
        assert (datetime.now(UTC) - made.time).total_seconds() < 60
        (desk.folder / "client.dat").write_bytes(made.stamp)
        assert recipe(desk.folder, "stamp", "client.dat", "Signature.xml")[0] == 0
        results = app.seals.stamp_batch([item, StampItem(**(vars(item) | {"seal": "nothing"}))])
        assert isinstance(results[0], Stamp)
        assert not isinstance(results[1], Stamp)
        assert app.seals.status(sm3=filed.sm3).good
        assert app.seals.get("client").uses == 2
        assert "seals/client" in [each.name for each in dev.seals.list(["in-use"], code=CODE)]
        dev.seals.suspend("client", reason="for the test")
        with pytest.raises(FailedPrecondition) as refused:
            app.seals.stamp(item)
        assert refused.value.reason == "SEAL_STATE_WRONG"
        assert [each.act for each in dev.seals.events("client")][-1] == "suspend"


@pytest.mark.timeout(300)
async def test_the_client_for_asyncio(desk: Desk) -> None:
    key = desk.key("async")
    async with (
        AsyncClient(Endpoint(desk.endpoints["app"])) as app,
        AsyncClient(Endpoint(desk.endpoints["dev"])) as dev,
    ):
        await app.seals.apply(_item("async", key))
        await dev.seals.review("async", accepted=True)
        await dev.seals.make("async", maker_key="demo-maker", seal_id="11010800000701")
        await dev.seals.file("async", filing_number="F-701")
        document = desk.folder / "Signature.xml"
        item = StampItem.of_file("async", document, property_info=PROPERTY)
        made = await app.seals.stamp(item)
        (desk.folder / "async.dat").write_bytes(made.stamp)
        assert recipe(desk.folder, "stamp", "async.dat", "Signature.xml")[0] == 0
        results = await app.seals.stamp_batch([item] * 3)
        assert all(isinstance(each, Stamp) for each in results)
        assert (await app.seals.status("async")).good
        names = [each.name for each in await dev.seals.list(["in-use"])]
        assert "seals/async" in names
        await dev.seals.cancel("async", reason="for the test")
        assert not (await app.seals.status("async")).good
