"""signetctl against ApprovalService: from the request to the use."""

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from signetd.cli.app import app
from signetd.cli.approval import shown
from tests.unit.daemon.approvals.served import Served

SIGNETCTL = str(Path(sys.executable).with_name("signetctl"))
DOCUMENT = "采购合同".encode()
Run = Callable[..., Result]


@pytest.fixture
def signetctl(served: Served, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")  # signetctl sets it, and here for all that follows

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


def test_a_stamp_is_approved_by_who_has_read_the_document(signetctl: Run, document: Path) -> None:
    wanted = ("request-stamp", "company", "--property", "/Doc_0/Signs/Sign_0/Signature.xml")
    made = asked(signetctl, *wanted, str(document))
    assert (made["operation"], made["resource"]) == ("stamp", "seals/company")
    assert made["digest"] == hashlib.new("sm3", DOCUMENT).hexdigest()
    by_digest = asked(signetctl, *wanted, "--digest", made["digest"])
    assert by_digest["digest"] == made["digest"]
    approve = ("approval", "approve", made["name"], "--yes", "--file")
    other = document.with_name("other.txt")
    other.write_bytes(b"another text")
    refused = signetctl("admin-1", *approve, str(other))
    assert (refused.exit_code, "nothing was approved" in refused.stderr) == (1, True)
    gone = signetctl("admin-1", *approve, str(document.with_name("gone")))
    assert (gone.exit_code, "is not a file" in gone.stderr) == (2, True), gone.output
    done = signetctl("admin-1", *approve, str(document))
    assert done.exit_code == 0, done.output


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


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_watch_goes_on_until_ctrl_c(served: Served, signetctl: Run, output: str) -> None:
    made = asked(signetctl, "request", "seal", "--digest", "ab" * 32)
    command = [SIGNETCTL, "--endpoint", served.endpoint("admin-1"), "--output", output]
    with subprocess.Popen([*command, "approval", "watch"], stdout=subprocess.PIPE) as watch:
        assert watch.stdout is not None
        first = watch.stdout.readline().decode()
        signetctl("admin-1", "approval", "approve", made["name"], "--yes")
        second = watch.stdout.readline().decode()
        watch.send_signal(signal.SIGINT)
        assert watch.wait(20) == 0
    for line in (first, second):
        assert made["name"] in line
        assert "PENDING" in line
        assert "采购" in line
    assert ("admin-1" in second) == (output == "json")


@pytest.mark.parametrize(
    "arguments",
    [
        ["request", "seal", "--summary", "x"],
        ["request", "seal", "f", "--digest", "00", "--summary", "x"],
        ["request", "seal", "--digest", "0x", "--summary", "x"],
        ["request", "seal", "/none", "--summary", "x"],
        ["request-destroy", "seal", "--summary", "x", "--lifetime", "1w"],
        ["request-destroy", "seal"],
        ["request-stamp", "company", "--property", "/x", "--summary", "x"],
        ["request-stamp", "company", "--digest", "00", "--summary", "x"],
        ["request-stamp", "company", "/none", "--property", "/x", "--summary", "x"],
    ],
)
def test_usage(signetctl: Run, arguments: list[str]) -> None:
    assert signetctl("app", "approval", *arguments).exit_code == 2


def test_a_terminal_is_not_told_anything_by_what_others_write() -> None:
    assert shown.safe("a\x1b[2Kb\u202ec\x9b") == "a\\x1b[2Kb\\u202ec\\x9b"
    assert shown.safe("采购\n合同　好") == "采购\n合同　好"
