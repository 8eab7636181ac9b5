"""[seals]: whom to trust for seals, and what check-config says of its folders."""

from pathlib import Path

import pytest

from signetd.daemon.config import check_files, load_text
from tests.unit.daemon.trust.regions import EAST, write

MINIMAL = '[daemon]\nstate_directory = "state"\n[[listener]]\nunix = "s"\nidentity = "a"\n'
FOLDERS = ("makers", "signers", "intermediates", "crls")


def said(folder: Path, table: str) -> list[str]:
    config = load_text(f"{MINIMAL}[seals]\n{table}", folder)
    return [str(each) for each in check_files(config)]


def good(folder: Path) -> str:
    """Make the folders; return their options."""
    for name in ("makers", "signers"):
        write(folder / name, root_der=EAST.root.der)
    write(folder / "intermediates", ca_pem=EAST.ca.der)
    write(folder / "crls", **dict(zip(("root_crl", "ca_crl"), EAST.lists(), strict=True)))
    return "\n".join(f'{name} = "{name}"' for name in FOLDERS)


def test_folders_that_can_be_used_are_no_problem(tmp_path: Path) -> None:
    assert said(tmp_path, good(tmp_path)) == []
    assert said(tmp_path, "") == []


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_not_there_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    (found,) = said(tmp_path, f'{name} = "nowhere"')
    assert f"seals.{name}" in found and "the folder cannot be read" in found
    assert ":7: " in found, "the line of the option"


@pytest.mark.parametrize(
    ("name", "file"),
    [("makers", "a_pem"), ("signers", "a_der"), ("intermediates", "a_crt"), ("crls", "a_crl")],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, name: str, file: str) -> None:
    table = good(tmp_path)
    write(tmp_path / name, **{file: b"nonsense"})
    (found,) = said(tmp_path, table)
    assert f"seals.{name}" in found
    assert str(tmp_path / name / file.replace("_", ".")) in found


@pytest.mark.parametrize("name", ["makers", "signers"])
def test_a_folder_without_roots_is_told(tmp_path: Path, name: str) -> None:
    table = good(tmp_path)
    (tmp_path / name / "root.der").rename(tmp_path / name / "root.txt")
    (found,) = said(tmp_path, table)
    assert f"seals.{name}" in found and "it has no certificate" in found
