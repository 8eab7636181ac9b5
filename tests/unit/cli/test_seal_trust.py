"""`signetctl seal trust build`, and trust lists in the place of folders, all without a daemon."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from signetd.cli.app import app
from signetd.pki import Certificate
from signetd.seal import TrustList
from signetd.seal import parse_seal as parse
from tests.unit.pki import making
from tests.vectors.seals import loading

CASE = loading.case("v4-unit")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["--output", "json", "seal", *map(str, arguments)])


def verified(*arguments: object) -> tuple[int, dict[str, str]]:
    """Return the exit code, and what came out of each check."""
    seal = loading.FOLDER / CASE.file
    done = run("verify", seal, "--at", CASE.at.isoformat(), *arguments)
    assert done.stdout, done.output
    found = json.loads(done.stdout)
    return done.exit_code, {each["name"]: each["result"] for each in found["checks"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as `seal verify --trust` takes it."""
    made = tmp_path / "trust"
    shutil.copytree(loading.FOLDER / "trust", made)
    for name in ("intermediates", "crls"):
        shutil.copytree(loading.FOLDER / name, made / name)
    return made


@pytest.fixture
def built(folder: Path, tmp_path: Path) -> Path:
    """The list of that folder."""
    out = tmp_path / "list.toml"
    done = run("trust", "build", folder, "--name", "测试省", "--days", "7", "-o", out)
    assert done.exit_code == 0, done.output
    return out


def maker() -> Certificate:
    return Certificate.read(parse(CASE.data).certificate)


def test_a_list_says_what_its_folder_says(folder: Path, built: Path) -> None:
    assert verified("--trust", built) == verified("--trust", folder)
    assert verified("--trust", built)[0] == 0
    found = TrustList.read(built.read_bytes())
    assert found.name == "测试省"
    assert found.issued is not None and found.next_update is not None
    assert (found.next_update - found.issued).days == 7


def test_a_bundle_of_roots_is_a_list(tmp_path: Path) -> None:
    bundle = tmp_path / "roots.pem"
    roots = sorted((loading.FOLDER / "trust").iterdir())
    bundle.write_bytes(b"".join(making.pem(each.read_bytes()) for each in roots))
    code, checks = verified("--trust", bundle)
    # The CA between is not in it.
    assert code == 1 and checks["MAKER_CERTIFICATE"] == "failed"


@pytest.mark.parametrize(("own", "given", "good"), [
    (True, False, True), (False, False, False), (True, True, True), (False, True, False),
])  # fmt: skip
def test_makers_of_the_list_and_of_the_command_must_both_accept(
    folder: Path, tmp_path: Path, own: bool, given: bool, good: bool
) -> None:
    out = tmp_path / "list.toml"
    named = maker().fingerprint if own else "0" * 64
    assert run("trust", "build", folder, "--name", "x", "--maker", named, "-o", out).exit_code == 0
    more = ("--maker", maker().fingerprint) if given else ()
    code, checks = verified("--trust", out, *more)
    assert (code == 0) is good
    assert checks["MAKER_TRUSTED"] == ("passed" if good else "failed")


def test_what_is_no_list_is_named(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('format = "signetd-trust-list-1"\nname = "x"\nroots = ""\nmakers = ""\n')
    seal = loading.FOLDER / CASE.file
    done = run("verify", seal, "--trust", file)
    assert done.exit_code == 1
    assert "wrong.toml" in done.stderr and "unknown field" in done.stderr
    done = run("trust", "import", "x", file, "--comment", "c")
    assert done.exit_code == 1 and "unknown field" in done.stderr
    done = run("trust", "import", "x", tmp_path / "none", "--comment", "c")
    assert done.exit_code == 1 and "it cannot be read" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--name", ""], "name"), (["--name", "x", "--maker", "ab"], "accepted_makers")],
)
def test_no_list_is_written_that_could_not_be_read(
    folder: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    done = run("trust", "build", folder, *options, "-o", tmp_path / "out")
    assert done.exit_code == 1 and said in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_makes_no_list(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("trust", "build", tmp_path / "empty", "--name", "x", "-o", tmp_path / "out")
    assert done.exit_code == 1 and "makers" in done.stderr
