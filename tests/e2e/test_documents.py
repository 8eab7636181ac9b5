"""The commands of docs/ are run, as they stand there, and what is said of the API is held to it."""

import re
from itertools import groupby
from pathlib import Path

import pytest

from signetd.daemon.policy.types import Role
from signetd.daemon.rpc.rules import RULES, Rule
from tests.e2e.documents import ROOT, SECONDS, blocks, run, script


@pytest.mark.timeout(SECONDS + 20)
def test_the_commands_about_access(folder: Path) -> None:
    code, output = run(script(blocks("docs/access.md"), folder), SECONDS)
    assert code == 0, output
    assert "No: the limits of every grant that allows it are reached." in output
    assert "at most 100 per day; approved by 1 of groups/board" in output


@pytest.mark.timeout(SECONDS + 20)
def test_the_commands_about_the_audit(folder: Path) -> None:
    code, output = run(script(blocks("docs/audit.md"), folder), SECONDS)
    assert code == 0, output
    assert output.count("nothing was changed") == 3


@pytest.mark.timeout(SECONDS + 20)
def test_the_commands_about_seals(folder: Path) -> None:
    code, output = run(script(blocks("docs/seals.md"), folder), SECONDS)
    assert code == 0, output
    assert "结论" in output, "a stamp was verified, and told in Chinese"
    assert output.count("Verdict: good") == 2
    assert "as it was signed, by a key that was given" in output
    assert output.rstrip().endswith("True")


@pytest.mark.timeout(SECONDS + 20)
def test_the_commands_about_enrolment(folder: Path) -> None:
    code, output = run(script(blocks("docs/enrolment.md"), folder), SECONDS)
    assert code == 0, output
    assert "signetctl token init --slot 0" in output, "what is to be done with a blank token"
    assert output.count("Signature Verified Successfully") == 2
    assert output.count("as it was signed, by a key that was given") == 2


@pytest.mark.timeout(SECONDS + 20)
def test_the_programs_about_the_client(folder: Path) -> None:
    code, output = run(script(blocks("docs/client.md"), folder), SECONDS)
    assert code == 0, output
    assert "100 signed by {'keys/demo-sm2/versions/1'}" in output
    assert "5000 invoices signed" in output
    assert "3000000 bytes, digest" in output
    assert "the signature is valid" in output


def test_the_table_of_roles_is_true() -> None:
    text = (ROOT / "docs" / "access.md").read_text()
    found = re.search(r"<!-- roles: begin -->\n(.*?)<!-- roles: end -->", text, re.DOTALL)
    assert found is not None
    assert found[1] == roles_table(), f"write it as it is:\n{roles_table()}"


def roles_table() -> str:
    """Write who may call what, as the rules of the daemon have it."""
    lines = [f"| calls | {' | '.join(Role)} |", "|---|" + ":---:|" * len(Role)]
    for (service, roles), methods in groupby(RULES.items(), key=_service_and_roles):
        names = ", ".join(path.rpartition("/")[2] for path, _ in methods)
        marks = " | ".join("✓" if role in roles else " " for role in Role)
        lines.append(f"| {service}: {names} | {marks} |")
    return "\n".join(lines) + "\n"


def _service_and_roles(entry: tuple[str, Rule]) -> tuple[str, frozenset[Role]]:
    path, rule = entry
    return path.split("/")[1].rpartition(".")[2], rule.roles
