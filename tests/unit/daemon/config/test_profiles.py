"""Profiles that a configuration names: shipped ones, a folder of one's own, a file."""

import logging
from pathlib import Path

import pytest

from signetd.daemon.config import check_files, load
from signetd.daemon.config.profiles import announce, chosen

_CONFIG = """\
[daemon]
state_directory = "state"
profiles = "profiles"
[[listener]]
unix = "s"
identity = "app"
[[token]]
name = "t"
module = "module.so"
label = "l"
profile = "luna"
"""
_PROFILE = 'name = "luna"\ndescription = "mine"\nsource = "me"\nrun_on_hardware = false\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "module.so").touch()
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "signetd.toml").write_text(_CONFIG)
    return tmp_path


def test_one_of_the_folder_wins_and_the_log_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = load(folder / "signetd.toml")
    assert chosen(config, config.tokens[0]).text == ""
    (folder / "profiles" / "luna.toml").write_text(_PROFILE)
    found = chosen(config, config.tokens[0])
    assert (found.name, found.text) == ("luna", _PROFILE)
    with caplog.at_level(logging.INFO):
        announce(config.tokens[0], found)
    assert "in place of the one of this name that comes with signetd" in caplog.text


def test_a_file_counts_in_place_of_the_name(folder: Path) -> None:
    file = folder / "signetd.toml"
    file.write_text(_CONFIG.replace('"luna"', '"luna"\nprofile_file = "acme.toml"'))
    (folder / "acme.toml").write_text(_PROFILE.replace("luna", "acme"))
    config = load(file)
    assert check_files(config) == []
    assert chosen(config, config.tokens[0]).name == "acme"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"luna"', '"nonesuch"', ':11: token[0].profile: there is no token profile "nonesuch"'),
        ('"profiles"', '"none"', "daemon.profiles: "),
        ('"luna"', '"luna"\nprofile_file = "x.toml"', ":12: token[0].profile_file: "),
    ],
)
def test_what_is_not_there_is_told_with_its_line(
    folder: Path, old: str, new: str, said: str
) -> None:
    file = folder / "signetd.toml"
    file.write_text(_CONFIG.replace(old, new))
    problems = [str(problem) for problem in check_files(load(file))]
    assert len(problems) == 1
    assert said in problems[0]


def test_a_profile_that_is_wrong_is_told_with_both_lines(folder: Path) -> None:
    (folder / "profiles" / "luna.toml").write_text(_PROFILE + "colour = 1\n")
    problems = [str(problem) for problem in check_files(load(folder / "signetd.toml"))]
    assert len(problems) == 1
    assert ":11: token[0].profile: " in problems[0]
    assert "luna.toml:5: colour is not a key of a profile" in problems[0]
