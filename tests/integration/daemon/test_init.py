"""`signetd init`: the first administrators, and what keeps others from coming in that way."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = """
[daemon]
state_directory = "state"

[[listener]]
unix = "s"
identity = "local-admin"
"""
PEOPLE = (
    *("--security-admin", "spiffe://example/alice"),
    *("--system-admin", "local-admin"),
    *("--auditor", "Carol Example"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration."""
    file = tmp_path / "signetd.toml"
    file.write_text(CONFIGURATION)
    return file


def init(file: Path, *people: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "signetd.daemon", "init", "--config", str(file), *people]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def rows(file: Path, statement: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(file.parent / "state" / "signetd.db")
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_the_first_administrators_are_made_and_recorded(file: Path) -> None:
    done = init(file, *PEOPLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(file, "SELECT name, roles, credential FROM identities ORDER BY name") == [
        ("Carol Example", '["auditor"]', "COMMON_NAME"),
        ("local-admin", '["system-admin"]', "SOCKET"),
        ("spiffe://example/alice", '["security-admin"]', "URI"),
    ]
    records = [json.loads(body) for (body,) in rows(file, "SELECT body FROM audit_records")]
    assert [record["operation"] for record in records] == ["start", "init", "init", "init"]


def test_a_database_with_identities_is_left_alone(file: Path) -> None:
    assert init(file, *PEOPLE).returncode == 0
    again = init(file, "--security-admin", "mallory")
    assert again.returncode == 1
    assert "signetctl access identity add" in again.stderr
    assert rows(file, "SELECT count(*) FROM identities WHERE name = 'mallory'") == [(0,)]


@pytest.mark.parametrize("role", ["--system-admin", "--auditor"])
def test_nobody_has_two_of_the_roles(file: Path, role: str) -> None:
    done = init(file, "--security-admin", "alice", role, "alice")
    assert done.returncode == 1
    assert "'alice' is named twice" in done.stderr
    assert not (file.parent / "state").exists(), "nothing may be made by a refused command"


@pytest.mark.parametrize("role", ["--security-admin", "--system-admin", "--auditor"])
@pytest.mark.parametrize(
    ("name", "why"),
    [(" alice", "without blanks at its ends"), ("groups/board", "how a group is named")],
)
def test_a_name_that_cannot_be_one_is_refused(file: Path, role: str, name: str, why: str) -> None:
    others = () if role == "--security-admin" else ("--security-admin", "bob")
    done = init(file, *others, role, name)
    assert (done.returncode, why in done.stderr) == (1, True), done.stderr
    assert not (file.parent / "state").exists()
