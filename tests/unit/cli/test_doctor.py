"""What signetctl does around the doctor's process."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from signetd.cli.app import app
from signetd.cli.doctor import process


def test_without_the_daemons_packages_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = {"msgspec": object(), "signetd.drivers": object()}
    monkeypatch.setattr(process, "find_spec", found.get)
    done = CliRunner().invoke(app, ["token", "probe", "--module", str(tmp_path / "m.so")])
    assert done.exit_code == 1
    assert "the package pkcs11 is missing; run  pip install 'signetd[daemon]'" in done.stderr


@pytest.mark.parametrize(
    ("given", "said"),
    [("NAME", "must be NAME=VALUE"), ("a-b=1", "must be NAME=VALUE"), ("SO_PIN=1", "is refused")],
)
def test_variables_that_are_none(given: str, said: str) -> None:
    done = CliRunner().invoke(app, ["token", "probe", "--module", "m.so", "--env", given])
    assert done.exit_code == 1
    assert said in done.stderr
