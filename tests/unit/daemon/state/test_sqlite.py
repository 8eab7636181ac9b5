"""The files of a state in SQLite are for their owner only, and no other file is taken for one."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from signetd.daemon.keys import RegisteredKey
from signetd.daemon.state import StateError, open_database

MakeKey = Callable[..., RegisteredKey]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files_are_for_their_owner_only(tmp_path: Path, make_key: MakeKey) -> None:
    folder = tmp_path / "a" / "state"
    database = open_database(folder)
    database.keys.add(make_key())
    assert mode(folder) == 0o700
    files = {path.name: mode(path) for path in folder.iterdir()}
    assert {"signetd.db", "signetd.db-wal", "signetd.lock", "pin-guard.key"} <= set(files)
    assert set(files.values()) == {0o600}, f"every file must have the mode 0600: {files}"
    database.close()


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    open_database(tmp_path / "s").close()
    (tmp_path / "s" / "signetd.db").chmod(0o644)
    open_database(tmp_path / "s").close()
    assert mode(tmp_path / "s" / "signetd.db") == 0o600


@pytest.mark.parametrize("bits", [0o770, 0o777, 0o1777])
def test_a_folder_that_others_can_change_is_refused_and_left_as_it_is(
    tmp_path: Path, bits: int
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(bits)
    with pytest.raises(StateError, match="chmod 700"):
        open_database(folder)
    assert mode(folder) == bits
    assert list(folder.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("")
    with pytest.raises(StateError, match="cannot be made"):
        open_database(tmp_path / "s")


def test_a_link_in_the_place_of_the_database_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    (folder / "signetd.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="cannot be opened"):
        open_database(folder)
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)
    (folder / "signetd.db").write_bytes(b"no database " * 500)
    with pytest.raises(StateError, match="cannot be used as a database"):
        open_database(folder)
    assert (folder / "signetd.db").read_bytes() == b"no database " * 500
